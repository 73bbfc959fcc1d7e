//! Endpoints that take smaller requests than was thought (protocol notes, section 6).

use psrp::{InputStream, Sizes, fragment};
use wsman::ShellContext;

use super::actor::Actor;
use super::job::{Job, Purpose};
use crate::LossReason;

/// With less room than this for PSRP, in bytes, nothing is tried: such an endpoint could not have created the shell either.
const LEAST: usize = 512;

/// The sizes of fragments for an endpoint that takes requests of `limit` bytes, and never more than is wanted.
pub(super) fn sizes(context: &ShellContext, limit: u32, most: Sizes) -> Sizes {
    Sizes {
        command: most.command.min(wsman::command_budget(context, "", limit)),
        send: most.send.min(wsman::send_budget(context, limit)),
    }
}

impl Actor {
    /// The endpoint refused a Command or Send for its size. So it was not carried out, and what is in it is sent in smaller
    /// fragments; every request of this session is smaller from now on. False when this one cannot be made smaller.
    ///
    /// How much an endpoint takes, it does not say: half is tried, and half again. The request was written down before it was
    /// sent for the first time, and nothing of what was written changes.
    pub(super) fn send_smaller(&mut self, job: &Job) -> bool {
        let Some(piece) = &job.piece else { return false };
        let half = u32::try_from(job.envelope.len() / 2).unwrap_or(u32::MAX);
        let limit = self.options.server_envelope.min(half);
        let sizes = sizes(&self.jobs.context, limit, self.options.pool_options.sizes);
        if sizes.send.min(sizes.command) < LEAST {
            return false;
        }
        tracing::info!(
            operation = job.kind.name(),
            bytes = job.envelope.len(),
            limit,
            "request too large; smaller ones"
        );
        self.options.server_envelope = limit;
        self.pool.set_sizes(sizes);
        let mut refused = vec![piece.data.clone()];
        while let Some(next) = self.ordered.front().and_then(|next| next.piece.as_ref())
            && fragment::same_object(&piece.data, &next.data)
        {
            refused.push(next.data.clone());
            self.ordered.pop_front();
        }
        let begins = matches!(job.purpose, Purpose::Command { .. });
        let fragments = self.pool.recut(refused, begins);
        let count = fragments.len();
        let next_object = self.pool.next_object();
        for (index, data) in fragments.iter().enumerate().rev() {
            let last = index + 1 == count;
            let again = match job.purpose {
                Purpose::Command { id, .. } if index == 0 => self.jobs.command(id, data, last),
                Purpose::Command { id, .. } => {
                    self.jobs.send(Some(id), InputStream::Stdin, data, Some(last), next_object)
                }
                Purpose::Send { pipeline, starts } => {
                    self.jobs.send(pipeline, piece.stream, data, starts.map(|_| last), next_object)
                }
                _ => return false,
            };
            match again {
                Ok(again) => self.ordered.push_front(Job { intent: None, ..again }),
                Err(error) => {
                    self.lose(LossReason::Protocol(error.to_string()));
                    break;
                }
            }
        }
        self.ordered_busy = false;
        true
    }
}
