//! A long way to an endpoint: what passes takes its time, so that it shows what waits for what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// There, or back; far longer than any program here needs to go on with an answer
const LENGTH: Duration = Duration::from_millis(150);

/// The way.
pub struct Distance {
    port: u16,
    delivered: Arc<AtomicUsize>,
}

impl Distance {
    /// The way to this port of this computer.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address").port();
        let delivered = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&delivered);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await {
                    tokio::spawn(carry(near, far, Arc::clone(&counts)));
                }
            }
        });
        Self { port: here, delivered }
    }

    /// Where it begins.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Counts from here on.
    pub fn start(&self) {
        self.delivered.store(0, SeqCst);
    }

    /// How many answers were waited for, one after the other: a request that leaves when an answer is there may need it.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.delivered.load(SeqCst)
    }
}

/// What one connection carries.
async fn carry(near: TcpStream, far: TcpStream, delivered: Arc<AtomicUsize>) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    // The round trip that this connection's request belongs to
    let trip = Arc::new(AtomicUsize::new(0));
    let (there, answers) = (Arc::clone(&trip), Arc::clone(&delivered));
    tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(read @ 1..) = from_near.read(&mut buffer).await {
            there.store(answers.load(SeqCst) + 1, SeqCst);
            tokio::time::sleep(LENGTH).await;
            if to_far.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = from_far.read(&mut buffer).await {
        tokio::time::sleep(LENGTH).await;
        delivered.fetch_max(trip.load(SeqCst), SeqCst);
        if to_near.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}
