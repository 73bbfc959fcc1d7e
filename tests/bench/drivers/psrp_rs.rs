//! Drives psrp-rs for the table in tests/bench: `drive PORT open | small:N | flood:COUNTxSIZE:KIND`.
//! The password is in PW. Prints one line of JSON.

use std::time::Instant;

use psrp_rs::{
    AuthMethod, Command, Pipeline, PsValue, RunspacePool, WinrmClient, WinrmConfig, WinrmCredentials,
    WinrmPsrpTransport,
};

/// CPU of this process in seconds, and the peak of its resident memory in KiB.
fn used() -> (f64, i64) {
    // SAFETY: a plain structure of numbers that the call fills in.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss)
}

async fn run(pool: &mut RunspacePool<WinrmPsrpTransport<'_>>, command: Command) -> usize {
    let result = Pipeline::empty().add_command(command).run_all_streams(pool).await.expect("run");
    assert!(result.typed_errors().is_empty());
    result.output.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let what = &arguments[2];
    let config = WinrmConfig {
        port: Some(arguments[1].parse().unwrap()),
        auth_method: AuthMethod::Ntlm,
        max_envelope_size: 512_000,
        ..WinrmConfig::http()
    };
    let ((mut cpu, _), mut started) = (used(), Instant::now());
    let client = WinrmClient::new(
        config,
        WinrmCredentials::new("cloudadmin", std::env::var("PW").unwrap().as_str(), "AZURESTACK"),
    )
    .expect("client");
    let (id, creation) = RunspacePool::<WinrmPsrpTransport>::build_creation_fragments(1, 1).unwrap();
    let transport = WinrmPsrpTransport::open(&client, "127.0.0.1", &creation).await.expect("open");
    let mut pool = RunspacePool::open_from_transport(transport, id, 1, 1).await.expect("pool");
    let mut records = 0;
    if what != "open" {
        ((cpu, _), started) = (used(), Instant::now());
        let parts: Vec<_> = what.split(':').collect();
        if parts[0] == "small" {
            for _ in 0..parts[1].parse::<usize>().unwrap() {
                records += run(&mut pool, Command::new("Test-Echo").with_parameter("Value", PsValue::I32(7))).await;
            }
        } else {
            let (count, size) = parts[1].split_once('x').unwrap();
            let number = |text: &str| PsValue::I32(text.parse().unwrap());
            records = run(
                &mut pool,
                Command::new("Test-Flood")
                    .with_parameter("Count", number(count))
                    .with_parameter("Size", number(size))
                    .with_parameter("Kind", PsValue::String(parts[2].into())),
            )
            .await;
        }
    }
    let wall = started.elapsed().as_secs_f64();
    let (now, peak) = used();
    println!(r#"{{"wall_s": {wall}, "cpu_s": {}, "peak_rss_kib": {peak}, "records": {records}}}"#, now - cpu);
    let _ = pool.close().await;
}
