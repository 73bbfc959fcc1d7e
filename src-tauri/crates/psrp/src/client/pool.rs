//! The pool machine.

use std::collections::VecDeque;

use clixml::{SecureString, Value};

use super::{Action, AnswerError, Event, InvokeError, PeerError, PoolOptions};
use crate::host::HostAnswer;
use crate::keys::KeySource;
use crate::{CallId, KeyError, MetadataQuery, Pipeline, PipelineId, PipelineState, PoolId, PoolState, SecretText};

/// A runspace pool seen from the client. [MS-PSRP] 3.1
///
/// It does nothing by itself: feed it with what arrives ([`ClientPool::receive`], [`ClientPool::command_done`]) and with
/// what the operator wants, then drain [`ClientPool::poll_action`] and perform the actions in order, then drain
/// [`ClientPool::poll_event`].
pub struct ClientPool {
    options: PoolOptions,
    id: PoolId,
    keys: Box<dyn KeySource>,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
}

#[expect(clippy::missing_errors_doc, unused_variables, clippy::unused_self, clippy::needless_pass_by_value)]
impl ClientPool {
    /// A new pool. The first action creates its shell.
    #[must_use]
    pub fn open(options: PoolOptions, id: PoolId, keys: Box<dyn KeySource>) -> Self {
        Self { options, id, keys, actions: VecDeque::new(), events: VecDeque::new() }
    }

    /// A pool that another client opened. The first action connects to its shell.
    #[must_use]
    pub fn connect(options: PoolOptions, id: PoolId, keys: Box<dyn KeySource>) -> Self {
        Self::open(options, id, keys)
    }

    /// Bytes of `stdout` of the pool (`None`) or of a pipeline.
    pub fn receive(&mut self, pipeline: Option<PipelineId>, bytes: &[u8]) -> Result<(), PeerError> {
        Ok(())
    }

    /// Content of `connectResponseXml` after base64.
    pub fn receive_connect_response(&mut self, bytes: &[u8]) -> Result<(), PeerError> {
        Ok(())
    }

    /// After connecting: a command that the shell has. Its Receive follows.
    pub fn attach(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        Ok(())
    }

    /// The transport said that the command is `Done`. Repeats are harmless.
    pub fn command_done(&mut self, id: PipelineId) {}

    /// The transport said that the command does not exist any more.
    pub fn command_gone(&mut self, id: PipelineId) {}

    /// The shell was deleted, or the transport said that it ended.
    pub fn shell_closed(&mut self) {}

    /// Runs a pipeline. It waits here until the pool is open and, if it holds secrets, until the session key is there.
    pub fn invoke(&mut self, pipeline: Pipeline, id: PipelineId) -> Result<(), InvokeError> {
        Ok(())
    }

    /// Asks for command descriptions. The first output object is a count, one object for each command follows.
    pub fn command_metadata(&mut self, query: MetadataQuery, id: PipelineId) -> Result<(), InvokeError> {
        Ok(())
    }

    /// One input object.
    pub fn input(&mut self, id: PipelineId, value: &Value) -> Result<(), InvokeError> {
        Ok(())
    }

    /// No more input.
    pub fn end_input(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        Ok(())
    }

    /// Stops a pipeline. Its state Stopped, Completed or Failed follows.
    pub fn stop(&mut self, id: PipelineId) {}

    /// Answers a question.
    pub fn answer(&mut self, pipeline: Option<PipelineId>, call: CallId, answer: HostAnswer) -> Result<(), AnswerError> {
        Ok(())
    }

    /// Starts the key exchange, to read a secret of the endpoint. Harmless when it runs or is done.
    pub fn request_key(&mut self) {}

    /// Whether the key exchange runs: the driver gives it 60 seconds.
    #[must_use]
    pub fn is_exchanging_key(&self) -> bool {
        false
    }

    /// The endpoint did not answer in time.
    pub fn key_exchange_timed_out(&mut self) {}

    /// Reads a secret of the endpoint.
    pub fn decrypt(&self, secret: &SecureString) -> Result<SecretText, KeyError> {
        Err(KeyError)
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Id of the pool.
    #[must_use]
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// State of the pool.
    #[must_use]
    pub fn state(&self) -> PoolState {
        PoolState::BeforeOpen
    }

    /// State of a pipeline.
    #[must_use]
    pub fn pipeline_state(&self, id: PipelineId) -> Option<PipelineState> {
        None
    }

    /// Id of the next object that we send, for the journal: a later Connect starts above it.
    #[must_use]
    pub fn next_object(&self) -> u64 {
        1
    }
}
