//! Answers as the session needs them.

use std::time::Duration;

use psrp::PipelineId;
use wsman::{Fault, Response, ResponseError, decode_response};

use super::job::{Job, Purpose};

/// What an answer says.
pub(super) enum Said {
    Created { idle: Option<Duration> },
    Received { pieces: Vec<(Option<PipelineId>, Vec<u8>)>, done: bool },
    Connected { xml: Option<Vec<u8>> },
    Listed { commands: Vec<PipelineId> },
    Done,
}

/// Why an answer is not what was asked for.
pub(super) enum Problem {
    Fault(Box<Fault>),
    Broken(String),
}

/// Reads the answer to a request.
pub(super) fn read(job: &Job, envelope: &[u8]) -> Result<Said, Problem> {
    let decoded = decode_response(job.kind, job.message_id, envelope);
    // What was answered before may be answered as it was.
    let decoded = match (decoded, job.before) {
        (Err(ResponseError::Fault(fault)), _) => Err(ResponseError::Fault(fault)),
        (Err(_), Some(before)) => decode_response(job.kind, before, envelope),
        (decoded, _) => decoded,
    };
    let response = decoded.map_err(|error| match error {
        ResponseError::Fault(fault) => Problem::Fault(fault),
        other => Problem::Broken(other.to_string()),
    })?;
    Ok(match response {
        Response::Created(shell) => Said::Created { idle: shell.idle_timeout },
        Response::Connected { response_xml } => Said::Connected { xml: response_xml },
        // A long list may go on; what is not in it is known from the journal.
        Response::Listing(list) => {
            Said::Listed { commands: list.commands.iter().filter_map(|it| it.id().map(PipelineId)).collect() }
        }
        Response::Received(received) => {
            let target = match job.purpose {
                Purpose::Receive { target, .. } => target.map(|id| id.0),
                _ => None,
            };
            // A state of another command ends nothing here.
            let ours =
                received.state.as_ref().is_none_or(|state| state.command_id.is_none() || state.command_id == target);
            let done = received.done() && ours;
            // Every piece goes to its owner, whatever it was asked for with.
            let pieces = received.streams.into_iter().map(|piece| (piece.command_id.map(PipelineId), piece.data));
            Said::Received { pieces: pieces.collect(), done }
        }
        _ => Said::Done,
    })
}
