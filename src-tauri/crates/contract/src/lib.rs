//! Types of the messages between the page and the app; writes the page's `contract.ts`.
//!
//! Plain data without behaviour. Nothing here may hold a secret, except [`PasswordEntry`], which only travels inwards.

mod endpoint;
mod fault;
mod find;
mod run;
mod secret;
mod session;
mod snapshot;
mod typescript;

pub use endpoint::*;
pub use fault::*;
pub use find::*;
pub use run::*;
pub use secret::PasswordEntry;
pub use session::*;
pub use snapshot::*;
pub use typescript::typescript;
