#![doc = include_str!("../README.md")]

mod api;
mod browser;
mod device;
mod error;
mod http;
mod identity;
mod loopback;
mod metadata;
mod place;
mod refusal;
mod token;
mod version;

pub use api::{Arm, Location, Subscription};
pub use browser::BrowserSignIn;
pub use device::DeviceSignIn;
pub use error::{ArmError, SignInError, TransportError};
pub use http::Http;
pub use identity::{AZURE_CLI, AZURE_POWERSHELL, IdentityProvider, Kind, SignInOptions};
pub use metadata::Metadata;
pub use place::{Place, Site};
pub use refusal::Refusal;
pub use token::AccessToken;
pub use trust::{CertificateFault, Root, Untrusted};

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send(_: impl Future + Send) {}

    /// What waits here is waited for by a window that moves it between threads.
    #[allow(dead_code, reason = "it is proved by compiling")]
    fn what_is_waited_for_can_be_sent(browser: BrowserSignIn, device: DeviceSignIn, arm: &'static Arm) {
        is_send(browser.finish());
        is_send(device.finish());
        is_send(arm.find());
    }
}
