#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

pub mod charset;
mod client;
mod data;
pub mod duration;
mod error;
pub mod fault;
mod kind;
pub mod multipart;
pub mod names;
mod operation;
pub mod server;
mod shell;
mod walk;
mod words;
mod write;

pub use charset::Charset;
pub use client::budget::{command_budget, overhead, send_budget};
pub use client::request::{RequestIds, ShellContext, encode_request};
pub use client::response::{
    CommandState, Identity, Listing, Received, Response, ResponseError, StreamData, decode_response,
};
pub use error::Malformed;
pub use fault::{Fault, FaultKind};
pub use kind::OperationKind;
pub use operation::{Enumeration, Operation};
pub use shell::{CommandInfo, CommandStateKind, ShellInfo, ShellState};
pub use words::{BufferMode, InputStream, SignalCode};
pub use write::guid_text;
