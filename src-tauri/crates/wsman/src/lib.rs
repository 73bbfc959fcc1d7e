#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used))]

mod duration;
mod envelope;
mod fault;
pub mod multipart;
mod names;
mod operation;
mod request;
mod response;
mod server;

pub use duration::{duration_text, parse_duration};
pub use fault::{Fault, FaultKind, code};
pub use names::{PRIVILEGED_ENDPOINT, SHELL_RESOURCE};
pub use operation::{InputStream, Operation, OperationKind, SignalCode};
pub use request::{RequestIds, ShellContext, encode_request, send_budget};
pub use response::{
    CommandState, Identity, Receive, Response, ResponseError, ShellEntry, ShellValues, StreamData, decode_response,
};
pub use server::{Body, Reply, Request, RequestError, encode_fault, encode_reply, decode_request};

pub use uuid::Uuid;

/// A GUID as WS-Management and PowerShell write it: upper case, without braces.
#[must_use]
pub fn guid_text(id: Uuid) -> String {
    id.hyphenated().to_string().to_uppercase()
}
