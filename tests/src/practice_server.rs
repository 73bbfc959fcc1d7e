//! The practice PEP on a loopback port, for foreign clients.

use practice::{PracticeOptions, PracticePep, Scenario};

/// A running practice PEP. It ends with the test process.
pub struct PracticeServer {
    /// The practice PEP itself.
    pub pep: PracticePep,
    port: u16,
}

impl PracticeServer {
    /// Serves a built-in scenario, a thousand times as fast as real time.
    pub fn start(scenario: &str) -> Self {
        let scenario = Scenario::built_in(scenario).expect("a built-in scenario");
        let pep = PracticePep::new(PracticeOptions { scenario, speed: 1_000.0, instance: 1 });
        let (ready, port) = std::sync::mpsc::channel();
        let served = pep.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
                ready.send(listener.local_addr().expect("an address").port()).expect("the test waits");
                practice::serve(served, listener).await.expect("the listener works");
            });
        });
        Self { pep, port: port.recv().expect("the server starts") }
    }

    /// `127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of this start.
    pub fn password(&self) -> String {
        self.pep.password().expose().to_owned()
    }
}
