//! The server's side: requests in, answers and faults out.

mod decode;
mod encode;
mod fault;
mod headers;
mod request;

pub use decode::decode_request;
pub use encode::{Answer, OutputData, encode_response, receive_budget};
pub use fault::{ServerFault, encode_fault};
pub use headers::{HeaderOption, Headers, Selector};
pub use request::{InputData, Request, RequestBody, RequestError, RequestErrorKind};
