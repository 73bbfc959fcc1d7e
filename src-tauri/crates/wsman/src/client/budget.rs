//! How many bytes fit into a request. Protocol notes, section 5.3.

use std::time::Duration;

use uuid::Uuid;

use crate::client::request::{RequestIds, ShellContext, encode_request};
use crate::operation::Operation;
use crate::words::InputStream;
use crate::write::base64_length;

/// Left free for what a server may count otherwise.
const RESERVE: usize = 256;
/// Longer than any timeout that is used, so that the envelope of the budget is the longest.
const TIMEOUT: Duration = Duration::from_secs(99_999);

/// Bytes of the envelope of this operation without its base64 data, with the longest ids and timeout.
#[must_use]
pub fn overhead(context: &ShellContext, operation: &Operation<'_>) -> usize {
    let ids =
        RequestIds { message_id: Uuid::max(), operation_id: Uuid::max(), sequence_id: u64::MAX, retransmission: false };
    let whole = encode_request(context, operation, &ids, TIMEOUT).len();
    whole.saturating_sub(base64_length(operation.data().len()))
}

/// Bytes of PSRP that one Send may carry when the server takes envelopes of `limit` bytes.
#[must_use]
pub fn send_budget(context: &ShellContext, limit: u32) -> usize {
    let id = Uuid::max();
    let send = Operation::Send { shell_id: id, command_id: Some(id), stream: InputStream::Stdin, data: &[] };
    budget(overhead(context, &send), limit)
}

/// Bytes of PSRP that a Command with this text may carry when the server takes envelopes of `limit` bytes.
#[must_use]
pub fn command_budget(context: &ShellContext, text: &str, limit: u32) -> usize {
    let id = Uuid::max();
    budget(overhead(context, &Operation::Command { shell_id: id, command_id: id, text, arguments: &[] }), limit)
}

/// `(limit - envelope - 256) * 3/4`, down to whole groups of base64.
fn budget(envelope: usize, limit: u32) -> usize {
    let free = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(envelope).saturating_sub(RESERVE);
    free.checked_div(4).unwrap_or_default().saturating_mul(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> ShellContext {
        ShellContext::new("http://192.0.2.10:5985/wsman", "PrivilegedEndpoint", Uuid::from_u128(7))
    }

    #[test]
    fn a_send_of_the_budget_stays_inside_the_limit() {
        for limit in [2_000, 10_000, 153_600, 512_000] {
            let data = vec![0; send_budget(&context(), limit)];
            let id = Uuid::from_u128(1);
            let send = Operation::Send { shell_id: id, command_id: Some(id), stream: InputStream::Stdin, data: &data };
            let ids = RequestIds::new(id, id).again();
            let length = encode_request(&context(), &send, &ids, Duration::from_secs(180)).len();
            let limit = usize::try_from(limit).unwrap();
            assert!(length <= limit.saturating_sub(RESERVE), "{length} of {limit}");
            assert!(data.is_empty() || length > limit - RESERVE - 64, "{length} of {limit}");
        }
    }

    #[test]
    fn a_command_of_the_budget_stays_inside_the_limit() {
        let text = "&".repeat(300);
        let data = vec![0; command_budget(&context(), &text, 153_600)];
        let id = Uuid::from_u128(1);
        let command = Operation::Command { shell_id: id, command_id: id, text: &text, arguments: &data };
        let length = encode_request(&context(), &command, &RequestIds::new(id, id), Duration::from_secs(180)).len();
        assert!(length <= 153_600 - RESERVE);
        assert!(data.len() < send_budget(&context(), 153_600));
    }

    #[test]
    fn a_limit_without_room_leaves_nothing() {
        assert_eq!(send_budget(&context(), 0), 0);
        assert_eq!(send_budget(&context(), 1_000), 0);
    }
}
