//! How fast values are read and written.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use clixml::{Object, Value, decode, encode_to_string};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The values of the floods in tests/bench.
fn values() -> [(&'static str, Value); 4] {
    let names = ["Name", "Id", "State", "Owner", "Path", "Size", "Created", "Changed", "Comment", "Parent"];
    let object = Object::with_extended(names.map(|name| (name, format!("value of {name}").into())))
        .typed(["System.Management.Automation.PSCustomObject", "System.Object"]);
    [
        ("a text of 1 MB", "x".repeat(1 << 20).into()),
        ("a text of 1 MB with escapes", "line\r\n_x000A_ \u{1F600}".repeat(50_000).into()),
        ("a text of 500 bytes", "x".repeat(500).into()),
        ("an object with ten properties", object.into()),
    ]
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("clixml: read");
    for (name, value) in values() {
        let wire = encode_to_string(&value);
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(wire.as_bytes())).unwrap()));
    }
    group.finish();
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("clixml: write");
    for (name, value) in values() {
        group.throughput(Throughput::Bytes(encode_to_string(&value).len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| encode_to_string(black_box(&value))));
    }
    group.finish();
}

criterion_group!(benches, read, write);
criterion_main!(benches);
