//! How fast a client's pool takes what an endpoint sends, from fragments to records, and makes the start of a pipeline.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use clixml::encode_to_string;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use psrp::keys::RsaKeySource;
use psrp::{
    ClientPool, Command, Destination, Event, Fragmenter, Message, MessageType, PipelineId, PoolId, PoolOptions,
};
use uuid::Uuid;

const POOL: PoolId = PoolId(Uuid::from_u128(1));
const ID: PipelineId = PipelineId(Uuid::from_u128(2));

fn message(kind: MessageType, pipeline: Option<PipelineId>, data: &str) -> Vec<u8> {
    let pipeline = pipeline.map_or(Uuid::nil(), |id| id.0);
    Message { destination: Destination::Client, kind, pool: POOL.0, pipeline, data: data.as_bytes() }.encode()
}

/// A pool that is open, with a running pipeline.
fn running() -> ClientPool {
    let mut pool = ClientPool::open(PoolOptions::default(), POOL, Box::new(RsaKeySource));
    let mut fragmenter = Fragmenter::default();
    let capability = r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#;
    let opened = r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#;
    for (kind, data) in [(MessageType::SessionCapability, capability), (MessageType::RunspacePoolState, opened)] {
        pool.receive(None, &fragmenter.fragment(&message(kind, None, data), 32_768).concat()).unwrap();
    }
    pool.invoke(Command::new("Get-Thing").into(), ID).unwrap();
    while pool.poll_action().is_some() {}
    while pool.poll_event().is_some() {}
    pool
}

fn receive(c: &mut Criterion) {
    let mut group = c.benchmark_group("psrp: receive");
    for (name, count, size) in [
        ("20 texts of 1 MB", 20, 1 << 20),
        ("2,000 texts of 10 kB", 2_000, 10_000),
        ("20,000 texts of 500 bytes", 20_000, 500),
    ] {
        let wire = encode_to_string(&"x".repeat(size).into());
        let mut fragmenter = Fragmenter::starting_at(10);
        let fragments: Vec<Vec<u8>> = (0..count)
            .flat_map(|_| fragmenter.fragment(&message(MessageType::PipelineOutput, Some(ID), &wire), 32_768))
            .collect();
        group.throughput(Throughput::Bytes(fragments.iter().map(|bytes| bytes.len() as u64).sum())).sample_size(20);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                running,
                |mut pool| {
                    let mut records = 0;
                    for fragment in &fragments {
                        pool.receive(Some(ID), black_box(fragment)).unwrap();
                        while let Some(event) = pool.poll_event() {
                            records += u32::from(matches!(event, Event::Record { .. }));
                        }
                    }
                    assert_eq!(records, count);
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn start(c: &mut Criterion) {
    c.bench_function("psrp: start of a pipeline with a parameter", |bencher| {
        bencher.iter_batched(
            running,
            |mut pool| {
                let id = PipelineId(Uuid::from_u128(3));
                pool.invoke(Command::new("Get-Thing").parameter("Name", "value").into(), id).unwrap();
                black_box(pool.poll_action())
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, receive, start);
criterion_main!(benches);
