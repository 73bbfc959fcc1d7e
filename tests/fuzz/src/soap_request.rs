//! Any bytes as a request; a refusal must give a fault that the client reads.

use uuid::Uuid;
use wsman::server::{decode_request, encode_fault};
use wsman::{OperationKind, ResponseError, decode_response};

/// One input.
pub fn run(data: &[u8]) {
    if let Err(error) = decode_request(data) {
        let answer = encode_fault(None, Uuid::nil(), "m", &error.to_fault());
        let read = decode_response(OperationKind::Send, Uuid::nil(), &answer);
        assert!(matches!(read, Err(ResponseError::Fault(_))));
    }
}
