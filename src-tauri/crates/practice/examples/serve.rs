//! Serves the practice PEP on a loopback port for foreign clients: `cargo run -p practice --example serve -- PORT [SPEED] [SCENARIO]`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use practice::{PracticeOptions, PracticePep, Scenario};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let speed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60.0);
    let scenario = Scenario::built_in(&arguments.next().unwrap_or_else(|| "healthy".to_owned())).unwrap();
    let pep = PracticePep::new(PracticeOptions { scenario, speed, instance: 1 });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    println!(
        "{}",
        serde_json::json!({"port": listener.local_addr().unwrap().port(), "user": PracticePep::ACCOUNT, "password": pep.password().expose()})
    );
    practice::serve(pep, listener).await.unwrap();
}
