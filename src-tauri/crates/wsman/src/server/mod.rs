//! The server's side: requests in, answers and faults out.

mod decode;
mod encode;
mod fault;
mod headers;

pub use decode::{InputData, Request, RequestBody, RequestError, RequestErrorKind, decode_request};
pub use encode::{Answer, OutputData, encode_response, receive_budget};
pub use fault::{ServerFault, encode_fault};
pub use headers::{HeaderOption, Headers, Selector};
