//! Any bytes as the answer to every operation.

use uuid::Uuid;
use wsman::{Charset, OperationKind, ResponseError, decode_response};

/// One input.
pub fn run(data: &[u8]) {
    let Some((&first, body)) = data.split_first() else { return };
    let charset = if first & 0x80 == 0 { Charset::Utf8 } else { Charset::Utf16 };
    let Ok(body) = charset.to_utf8(body) else { return };
    let kind = OperationKind::ALL[usize::from(first & 0x7F) % OperationKind::ALL.len()];
    if let Err(ResponseError::Fault(fault)) = decode_response(kind, Uuid::from_u128(1), &body) {
        let _ = fault.kind();
    }
}
