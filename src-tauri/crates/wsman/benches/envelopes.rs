//! How fast envelopes are read, written and framed.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;
use wsman::server::{Answer, OutputData, decode_request, encode_response};
use wsman::{
    InputStream, Operation, OperationKind, RequestIds, ShellContext, decode_response, encode_request, multipart,
};

const ID: Uuid = Uuid::from_u128(1);
const TIMEOUT: Duration = Duration::from_secs(20);

fn request(operation: &Operation<'_>) -> Vec<u8> {
    let context = ShellContext::new("http://192.0.2.1:5985/wsman".to_owned(), "PrivilegedEndpoint", ID);
    encode_request(&context, operation, &RequestIds::new(ID, ID), TIMEOUT)
}

/// The answer to a Receive with so many pieces.
fn received(count: usize, size: usize) -> Vec<u8> {
    let asked = decode_request(&request(&Operation::Receive { shell_id: ID, command_id: Some(ID) })).unwrap();
    let (data, id) = (vec![7; size], ID.to_string());
    let streams: Vec<_> = (0..count).map(|_| OutputData { command_id: Some(&id), data: &data }).collect();
    encode_response(&asked.headers, ID, &Answer::Received { streams: &streams, state: None })
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("wsman: read an answer");
    for (name, count, size) in
        [("nothing new", 0, 0), ("one piece of 300 kB", 1, 300_000), ("500 pieces of 600 bytes", 500, 600)]
    {
        let envelope = received(count, size);
        group.throughput(Throughput::Bytes(envelope.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| decode_response(OperationKind::Receive, ID, black_box(&envelope)).unwrap());
        });
    }
    group.finish();
}

fn requests(c: &mut Criterion) {
    let data = vec![7; 30_000];
    let send = Operation::Send { shell_id: ID, command_id: Some(ID), stream: InputStream::Stdin, data: &data };
    let mut group = c.benchmark_group("wsman: write a request");
    for (name, operation) in
        [("Receive", Operation::Receive { shell_id: ID, command_id: Some(ID) }), ("Send of 30 kB", send)]
    {
        group.throughput(Throughput::Bytes(request(&operation).len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| request(black_box(&operation))));
    }
    group.finish();
}

fn frames(c: &mut Criterion) {
    let framed = multipart::frame(&received(1, 300_000), |_| [0; 16]);
    let mut group = c.benchmark_group("wsman: frame");
    group.throughput(Throughput::Bytes(framed.len() as u64));
    group.bench_function("read 400 kB", |bencher| {
        bencher.iter_batched(
            || framed.clone(),
            |mut body| multipart::parse(black_box(&mut body)).unwrap().data.len(),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, answers, requests, frames);
criterion_main!(benches);
