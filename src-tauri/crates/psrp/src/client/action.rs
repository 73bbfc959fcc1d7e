//! What the driver shall do.

use crate::PipelineId;

/// Where bytes go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputStream {
    /// `stdin`: everything but answers to host calls
    Stdin,
    /// `pr`: answers to host calls
    Pr,
}

/// One thing to do. Do them in the order given; each holds whole fragments.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Create the shell whose id is the pool id, then keep a Receive on the pool.
    CreateShell {
        /// Content of `creationXml` before base64
        creation_xml: Vec<u8>,
    },
    /// Connect to the existing shell whose id is the pool id; give the answer to
    /// [`ClientPool::receive_connect_response`](crate::ClientPool::receive_connect_response).
    ConnectShell {
        /// Content of `connectXml` before base64
        connect_xml: Vec<u8>,
    },
    /// Send bytes to the pool or to a pipeline.
    Send {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// Name of the stream
        stream: InputStream,
        /// Whole fragments: one, or several small input objects together
        data: Vec<u8>,
    },
    /// Start a command with this id: `first` is its argument, each of `rest` one Send on `stdin` of the command; then keep
    /// a Receive on it.
    CreatePipeline {
        /// Command id
        id: PipelineId,
        /// The first fragment
        first: Vec<u8>,
        /// The other fragments
        rest: Vec<Vec<u8>>,
    },
    /// Send the signal that stops the command, and read on.
    Stop {
        /// Command id
        id: PipelineId,
    },
    /// Send the signal that removes the finished command, and end its Receive.
    Terminate {
        /// Command id
        id: PipelineId,
    },
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CreateShell { creation_xml } => write!(f, "CreateShell({} bytes)", creation_xml.len()),
            Self::ConnectShell { connect_xml } => write!(f, "ConnectShell({} bytes)", connect_xml.len()),
            Self::Send { pipeline: None, stream, data } => write!(f, "Send(pool, {stream:?}, {} bytes)", data.len()),
            Self::Send { pipeline: Some(id), stream, data } => {
                write!(f, "Send({id}, {stream:?}, {} bytes)", data.len())
            }
            Self::CreatePipeline { id, first, rest } => {
                write!(f, "CreatePipeline({id}, {} bytes, {} more)", first.len(), rest.len())
            }
            Self::Stop { id } => write!(f, "Stop({id})"),
            Self::Terminate { id } => write!(f, "Terminate({id})"),
        }
    }
}
