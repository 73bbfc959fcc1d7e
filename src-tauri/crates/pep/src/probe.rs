//! Looking at all instances at once, without signing in.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::PrimitiveDateTime;
use time::macros::format_description;
use winrm::{BoxFuture, ConnectError, Connector, Exchange, ProbeError};

use crate::Fault;
use crate::address::Address;

/// What is known about one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// Which.
    pub address: Address,
    /// The round-trip time.
    pub round_trip: Option<Duration>,
    /// How far its clock is ahead of ours, in seconds.
    pub clock_ahead_s: Option<i64>,
    /// How many of the stages route, port, WinRM are done.
    pub done: u8,
    /// Why it cannot be used.
    pub fault: Option<Fault>,
}

/// After how long a connection is given up, for people who watch.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Tells when the connection is there.
struct Watched<F> {
    connector: Arc<dyn Connector>,
    on_connected: F,
}

impl<F: Fn() + Send + Sync> Connector for Watched<F> {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        Box::pin(async {
            let connected = self.connector.connect().await;
            if connected.is_ok() {
                (self.on_connected)();
            }
            connected
        })
    }

    fn host(&self) -> &str {
        self.connector.host()
    }

    fn port(&self) -> u16 {
        self.connector.port()
    }
}

/// Looks at one instance, telling when its port has answered.
pub async fn one(
    address: Address,
    connector: Arc<dyn Connector>,
    on_connected: impl Fn() + Send + Sync + 'static,
) -> Probed {
    match winrm::probe(&Watched { connector, on_connected }).await {
        Ok(probe) => Probed {
            address,
            round_trip: Some(probe.round_trip),
            clock_ahead_s: probe.date.as_deref().and_then(clock_ahead),
            done: 3,
            fault: None,
        },
        Err(error) => {
            let done = match &error {
                ProbeError::Connect(ConnectError::Refused | ConnectError::TimedOut(_)) => 1,
                ProbeError::Connect(_) => 0,
                _ => 2,
            };
            Probed { address, round_trip: None, clock_ahead_s: None, done, fault: Some(Fault::of_probe(&error)) }
        }
    }
}

/// How far an HTTP date is ahead of our clock, in seconds. RFC 9110 section 5.6.7
pub(crate) fn clock_ahead(date: &str) -> Option<i64> {
    let format = format_description!(
        version = 2,
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let theirs = PrimitiveDateTime::parse(date, &format).ok()?.assume_utc().unix_timestamp();
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(theirs - i64::try_from(ours).ok()?)
}

#[cfg(test)]
mod tests {
    use super::clock_ahead;

    #[test]
    fn an_http_date_is_read() {
        assert!(clock_ahead("Sun, 06 Nov 1994 08:49:37 GMT").is_some_and(|ahead| ahead < 0));
        assert_eq!(clock_ahead("yesterday"), None);
    }
}
