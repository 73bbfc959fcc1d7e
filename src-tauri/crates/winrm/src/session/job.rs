//! One request of a session, from its intent to its envelope.

use std::time::Duration;

use psrp::{InputStream, PipelineId};
use tokio::sync::oneshot;
use uuid::Uuid;
use wsman::{Enumeration, Operation, OperationKind, RequestIds, ShellContext, SignalCode, encode_request};

use crate::intents::Intent;
use crate::random::{self, NoRandomness, Random, RandomSource};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    /// `asking`: whether the command is known is what matters.
    Receive {
        target: Option<PipelineId>,
        asking: bool,
    },
    /// `last`: nothing of the pipeline's start follows.
    Command {
        id: PipelineId,
        last: bool,
    },
    /// `starts`: a part of the pipeline's start, and whether it is the last one.
    Send {
        pipeline: Option<PipelineId>,
        starts: Option<bool>,
    },
    Stop {
        id: PipelineId,
    },
    Terminate {
        id: PipelineId,
    },
    /// To the shell of an earlier process
    Connect,
    /// Which commands the shell has
    List,
    /// To a command of that shell
    ConnectCommand {
        id: PipelineId,
    },
    /// A marked retransmission of a terminate that was answered: whether the endpoint knows such a thing
    Probe,
    Disconnect,
    Reconnect,
    /// To a command of the shell that is connected again
    ReconnectCommand {
        id: PipelineId,
    },
    Delete,
}

/// One request, ready to be sent, and to be sent again where that is allowed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) purpose: Purpose,
    pub(super) kind: OperationKind,
    pub(super) message_id: Uuid,
    pub(super) operation_id: Uuid,
    /// The id that the same operation went by before, which an answer that was kept may relate to
    pub(super) before: Option<Uuid>,
    pub(super) envelope: Vec<u8>,
    /// The fragment in it, which can be cut smaller
    pub(super) piece: Option<Piece>,
    /// Awaited before the first try
    pub(super) intent: Option<Intent>,
    /// A Receive that was sent while its Command was still on the way
    pub(super) early: bool,
    /// Tells that this request leaves: its intent is kept.
    pub(super) leaves: Option<oneshot::Sender<()>>,
    /// Another request that has to leave before
    pub(super) behind: Option<oneshot::Receiver<()>>,
    /// How often it was sent without an answer
    pub(super) tries: u32,
    /// How long the endpoint may take for it
    pub(super) timeout: Duration,
}

/// The fragment that a Command or Send carries.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) stream: InputStream,
    pub(super) data: Vec<u8>,
}

impl Job {
    /// A request with fresh ids.
    pub(super) fn new(
        random: &dyn RandomSource,
        context: &ShellContext,
        timeout: Duration,
        purpose: Purpose,
        operation: &Operation<'_>,
        intent: Option<Intent>,
    ) -> Result<Self, NoRandomness> {
        let ids = RequestIds::new(random::id(random)?, random::id(random)?);
        Ok(Self {
            purpose,
            kind: operation.kind(),
            message_id: ids.message_id,
            operation_id: ids.operation_id,
            before: None,
            envelope: encode_request(context, operation, &ids, timeout),
            piece: None,
            intent,
            early: false,
            leaves: None,
            behind: None,
            tries: 0,
            timeout,
        })
    }
}

/// A terminate that was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) pipeline: PipelineId,
    pub(super) operation_id: Uuid,
    pub(super) message_id: Uuid,
}

/// Writes the requests of one shell.
pub(super) struct Jobs {
    pub(super) random: Random,
    pub(super) context: ShellContext,
    pub(super) shell: Uuid,
    /// How long the endpoint may take for an operation
    pub(super) timeout: Duration,
    /// And to make a shell or to connect to one
    pub(super) start: Duration,
}

impl Jobs {
    pub(super) fn create(&self, name: &str, xml: &[u8], idle: Option<Duration>) -> Result<Job, NoRandomness> {
        let operation =
            Operation::Create { shell_id: self.shell, name: Some(name), creation_xml: xml, idle_timeout: idle };
        self.slow(Purpose::Create, &operation, Intent::Create { pool: self.shell.into() })
    }

    pub(super) fn command(&self, id: PipelineId, first: &[u8], last: bool) -> Result<Job, NoRandomness> {
        let operation = Operation::Command { shell_id: self.shell, command_id: id.0, text: "", arguments: first };
        let job = self.job(Purpose::Command { id, last }, &operation, Some(Intent::Command { pipeline: id }))?;
        Ok(Job { piece: Some(Piece { stream: InputStream::Stdin, data: first.to_vec() }), ..job })
    }

    pub(super) fn send(
        &self,
        pipeline: Option<PipelineId>,
        stream: InputStream,
        data: &[u8],
        starts: Option<bool>,
        next_object: u64,
    ) -> Result<Job, NoRandomness> {
        let name = match stream {
            InputStream::Stdin => wsman::InputStream::Stdin,
            InputStream::Pr => wsman::InputStream::Pr,
        };
        let command_id = pipeline.map(|id| id.0);
        let operation = Operation::Send { shell_id: self.shell, command_id, stream: name, data };
        // The start of a pipeline was written down with its Command.
        let intent = starts.is_none().then_some(Intent::Send { pipeline, next_object });
        let job = self.job(Purpose::Send { pipeline, starts }, &operation, intent)?;
        Ok(Job { piece: Some(Piece { stream, data: data.to_vec() }), ..job })
    }

    pub(super) fn receive(&self, target: Option<PipelineId>, asking: bool) -> Result<Job, NoRandomness> {
        self.receive_within(target, asking, self.timeout)
    }

    /// A Receive that the endpoint answers after this time, whether there is output or not.
    pub(super) fn receive_within(
        &self,
        target: Option<PipelineId>,
        asking: bool,
        timeout: Duration,
    ) -> Result<Job, NoRandomness> {
        let operation = Operation::Receive { shell_id: self.shell, command_id: target.map(|id| id.0) };
        Job::new(self.random.as_ref(), &self.context, timeout, Purpose::Receive { target, asking }, &operation, None)
    }

    pub(super) fn signal(&self, id: PipelineId, code: SignalCode) -> Result<Job, NoRandomness> {
        let operation = Operation::Signal { shell_id: self.shell, command_id: id.0, code };
        let (purpose, intent) = match code {
            SignalCode::Stop => (Purpose::Stop { id }, Intent::Stop { pipeline: id }),
            SignalCode::Terminate => (Purpose::Terminate { id }, Intent::Terminate { pipeline: id }),
        };
        self.job(purpose, &operation, Some(intent))
    }

    pub(super) fn disconnect(&self, idle_timeout: Option<Duration>) -> Result<Job, NoRandomness> {
        let operation = Operation::Disconnect { shell_id: self.shell, idle_timeout, buffer_mode: None };
        self.job(Purpose::Disconnect, &operation, Some(Intent::Disconnect { pool: self.shell.into() }))
    }

    pub(super) fn reconnect(&self) -> Result<Job, NoRandomness> {
        let operation = Operation::Reconnect { shell_id: self.shell, command_id: None };
        self.job(Purpose::Reconnect, &operation, Some(Intent::Reconnect { pool: self.shell.into() }))
    }

    /// The shell comes back without its commands. [MS-PSRP] 3.1.5.3.18
    pub(super) fn reconnect_command(&self, id: PipelineId) -> Result<Job, NoRandomness> {
        let operation = Operation::Reconnect { shell_id: self.shell, command_id: Some(id.0) };
        self.job(Purpose::ReconnectCommand { id }, &operation, None)
    }

    pub(super) fn connect(&self, xml: &[u8]) -> Result<Job, NoRandomness> {
        let operation = Operation::Connect { shell_id: self.shell, connect_xml: xml };
        self.slow(Purpose::Connect, &operation, Intent::Reconnect { pool: self.shell.into() })
    }

    pub(super) fn list(&self) -> Result<Job, NoRandomness> {
        let operation = Operation::Enumerate(Enumeration::Commands { shell_id: self.shell });
        self.job(Purpose::List, &operation, None)
    }

    pub(super) fn connect_command(&self, id: PipelineId) -> Result<Job, NoRandomness> {
        let operation = Operation::ConnectCommand { shell_id: self.shell, command_id: id.0 };
        self.job(Purpose::ConnectCommand { id }, &operation, None)
    }

    pub(super) fn delete(&self) -> Result<Job, NoRandomness> {
        let operation = Operation::Delete { shell_id: self.shell };
        self.job(Purpose::Delete, &operation, Some(Intent::Delete { pool: self.shell.into() }))
    }

    /// The same operation, marked as sent before: an endpoint that knows retransmissions carries it out only when it has not
    /// yet, and answers what it has answered. [MS-WSMV] 2.2.4.45. `None` for what is never sent that way.
    pub(super) fn retransmission(&self, job: &Job) -> Option<Result<Job, NoRandomness>> {
        let (shell_id, operation) = (self.shell, &job.purpose);
        let operation = match (operation, &job.piece) {
            (Purpose::Send { pipeline, .. }, Some(piece)) => Operation::Send {
                shell_id,
                command_id: pipeline.map(|id| id.0),
                stream: match piece.stream {
                    InputStream::Stdin => wsman::InputStream::Stdin,
                    InputStream::Pr => wsman::InputStream::Pr,
                },
                data: &piece.data,
            },
            (Purpose::Stop { id }, _) => Operation::Signal { shell_id, command_id: id.0, code: SignalCode::Stop },
            _ => return None,
        };
        let again = self.marked(job.purpose, &operation, job.operation_id, job.message_id);
        let piece = job.piece.as_ref().map(|piece| Piece { stream: piece.stream, data: piece.data.clone() });
        Some(again.map(|again| Job { piece, tries: job.tries + 1, ..again }))
    }

    /// Asks whether the endpoint knows retransmissions, by a terminate that it has answered: whoever does not know them says
    /// that there is no such command, and nothing has happened.
    pub(super) fn probe(&self, ended: &Ended) -> Result<Job, NoRandomness> {
        let operation =
            Operation::Signal { shell_id: self.shell, command_id: ended.pipeline.0, code: SignalCode::Terminate };
        self.marked(Purpose::Probe, &operation, ended.operation_id, ended.message_id)
    }

    fn marked(
        &self,
        purpose: Purpose,
        operation: &Operation<'_>,
        operation_id: Uuid,
        before: Uuid,
    ) -> Result<Job, NoRandomness> {
        let ids = RequestIds::new(random::id(self.random.as_ref())?, operation_id).again();
        Ok(Job {
            purpose,
            kind: operation.kind(),
            message_id: ids.message_id,
            operation_id,
            before: Some(before),
            envelope: encode_request(&self.context, operation, &ids, self.timeout),
            piece: None,
            intent: None,
            early: false,
            leaves: None,
            behind: None,
            tries: 0,
            timeout: self.timeout,
        })
    }

    /// What may start a process over there, which takes its time on a machine that is busy.
    fn slow(&self, purpose: Purpose, operation: &Operation<'_>, intent: Intent) -> Result<Job, NoRandomness> {
        Job::new(self.random.as_ref(), &self.context, self.start, purpose, operation, Some(intent))
    }

    fn job(&self, purpose: Purpose, operation: &Operation<'_>, intent: Option<Intent>) -> Result<Job, NoRandomness> {
        Job::new(self.random.as_ref(), &self.context, self.timeout, purpose, operation, intent)
    }
}
