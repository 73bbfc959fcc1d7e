//! How fast lines get into a journal on the disk.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use record::{Clock, Journal};
use serde::Serialize;

struct Still;

impl Clock for Still {
    fn utc_ms(&self) -> i64 {
        1_700_000_000_000
    }
    fn mono_ms(&self) -> u64 {
        1
    }
}

#[derive(Serialize)]
struct Output<'a> {
    run: &'a str,
    stream: &'a str,
    text: &'a str,
}

/// Lines as a flood of short output gives them, until the last one is on the disk.
fn output(c: &mut Criterion) {
    const LINES: u64 = 100_000;
    let run: Arc<str> = "00000000-0000-0000-0000-000000000000".into();
    let text = "x".repeat(100);
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Elements(LINES)).sample_size(10);
    group.bench_function("100000 lines of output, then one durable line", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = std::time::Duration::ZERO;
            for _ in 0..rounds {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("r.jsonl");
                let journal = Journal::create(&path, serde_json::Value::Null, Box::new(Still)).unwrap();
                let start = Instant::now();
                for _ in 0..LINES {
                    journal.append_output(&run, "output", Output { run: &run, stream: "output", text: &text }).unwrap();
                }
                journal.append_durable("run_end", serde_json::Value::Null).unwrap();
                spent += start.elapsed();
            }
            spent
        });
    });
    group.finish();
}

/// One line that is waited for: what every command costs.
fn durable(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::create(&folder.path().join("r.jsonl"), serde_json::Value::Null, Box::new(Still)).unwrap();
    c.bench_function("one durable line", |bencher| {
        bencher.iter(|| journal.append_durable("intent", serde_json::Value::Null).unwrap());
    });
}

/// Checking the chain of a record.
fn verify(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let journal = Journal::create(&path, serde_json::Value::Null, Box::new(Still)).unwrap();
    for _ in 0..10_000 {
        journal.append("output", Output { run: "r", stream: "output", text: "some text of a line" }).unwrap();
    }
    journal.close().unwrap();
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Elements(10_000)).sample_size(10);
    group.bench_function("verify 10000 lines", |bencher| {
        bencher.iter(|| assert!(record::verify(&path).unwrap().damage.is_none()));
    });
    group.finish();
}

criterion_group!(benches, output, durable, verify);
criterion_main!(benches);
