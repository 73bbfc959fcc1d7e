//! `serve-practice`: the practice PEP on loopback.

use practice::{PracticeOptions, PracticePep, Scenario};
use serde_json::json;
use tokio::net::TcpListener;

use crate::exit::{Code, Failure};

/// Serves until the process is ended; prints one JSON line when it listens.
pub(crate) async fn serve(port: u16, scenario: &str, speed: f64) -> Result<serde_json::Value, Failure> {
    let scenario = Scenario::built_in(scenario).map_err(|error| Failure::usage(error.to_string()))?;
    let failed = |error: std::io::Error| Failure::new(Code::NotReached, error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let pep = PracticePep::new(PracticeOptions { scenario, speed, instance: 1 });
    // The password is new at every start and opens nothing but this process.
    let password = pep.password();
    crate::print(&json!({
        "port": port,
        "endpoint": format!("127.0.0.1:{port}"),
        "user": PracticePep::ACCOUNT,
        "password": password.expose(),
        "pid": std::process::id(),
    }));
    tokio::select! {
        served = practice::serve(pep, listener) => served.map_err(failed)?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(json!({ "state": "completed" }))
}
