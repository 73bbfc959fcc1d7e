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
