//! PowerShell Remoting Protocol, client and server role, without I/O. [MS-PSRP]
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

pub mod client;
pub mod command;
pub mod fragment;
pub mod host;
mod id;
pub mod keys;
pub mod message;
pub mod records;
pub mod server;
mod state;

pub use client::{
    Action, AnswerError, ClientPool, Event, InputStream, InvokeError, Misbehaviour, Origin, PeerError, PoolOptions,
    RecordStream, Sizes,
};
pub use command::{Argument, Command, Merge, MetadataQuery, Parameter, Pipeline, Statement};
pub use fragment::{Defragmenter, FragmentError, Fragmenter, Received};
pub use id::{CallId, PipelineId, PoolId};
pub use keys::{KeyError, SecretText, SessionKey};
pub use message::{Destination, Message, MessageError, MessageType};
pub use state::{PipelineState, PoolState};
