//! The client's side: requests out, answers in.

mod bodies;
pub(crate) mod budget;
mod fault;
pub(crate) mod request;
pub(crate) mod response;
