//! How fast messages are sealed and unsealed, and what a sign-in costs.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use spnego::{
    ClientOptions, Credentials, FileTime, NtlmClient, NtlmServer, Randomness, SealedChannel, Secret, ServerAnswer,
    ServerOptions,
};

/// Both ends of a channel, the client's first.
fn sign_in() -> (SealedChannel, SealedChannel) {
    let mut client = NtlmClient::new(ClientOptions {
        target_name: "HTTP/192.0.2.1".into(),
        channel_bindings: None,
        raw_ntlm: false,
    });
    let mut server = NtlmServer::new(ServerOptions {
        netbios_computer: "C".into(),
        netbios_domain: "D".into(),
        dns_computer: "c.d".into(),
        dns_domain: "d".into(),
        withheld_flags: 0,
    });
    let secret = |_: &str, _: &str| Some(Secret::from("pass".to_owned()));
    let (now, nonce) = (FileTime::from_unix(1_700_000_000, 0), [3; 8]);
    let first = client.negotiate().unwrap();
    let Ok(ServerAnswer::Challenge(challenge)) = server.accept(&first, nonce, now, secret) else { panic!("refused") };
    client.challenge(&challenge).unwrap();
    let credentials = Credentials::new(r"D\u", Secret::from("pass".to_owned()));
    let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
    let last = client.authenticate(&credentials, random).unwrap();
    let Ok(ServerAnswer::Accepted(accepted, token)) = server.accept(&last, nonce, now, secret) else {
        panic!("refused")
    };
    (client.finish(token.as_deref()).unwrap(), accepted.channel)
}

fn seal(c: &mut Criterion) {
    let mut group = c.benchmark_group("spnego");
    for (name, size) in [("2 kB", 2_000), ("400 kB", 400_000)] {
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("seal {name}"), |bencher| {
            let (mut ours, _) = sign_in();
            let mut message = vec![7; size];
            bencher.iter(|| ours.seal(&mut message));
        });
        group.bench_function(format!("unseal {name}"), |bencher| {
            let (mut ours, mut theirs) = sign_in();
            bencher.iter_batched(
                || {
                    let mut message = vec![7; size];
                    (theirs.seal(&mut message), message)
                },
                |(signature, mut message)| ours.unseal(&signature, &mut message).unwrap(),
                // In the order in which they were sealed
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    c.bench_function("spnego: both sides of a sign-in", |bencher| bencher.iter(sign_in));
}

criterion_group!(benches, seal);
criterion_main!(benches);
