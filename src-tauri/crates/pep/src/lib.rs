//! The rules of the privileged endpoint: stamp, endpoint, catalogue, session, run, close, faults.
//!
//! This crate knows cmdlets and operators. It does not know SOAP, and it does not know the page: what happened is told by
//! codes and values, the words are elsewhere.

pub mod address;
pub mod catalogue;
pub mod fault;
mod file;
pub mod find;
pub mod identity;
mod json;
pub mod outgoing_ntlm;
pub mod pins;
pub mod policy;
pub mod preview;
pub mod profile;
pub mod roots;
pub mod session;
pub mod stamp;
mod text;
pub mod verdict;

pub use fault::{Blame, Fault, Next};
pub use file::save as save_file;
