//! The server's side of a runspace pool, for the practice PEP and for tests. [MS-PSRP] 3.2

mod pool;
mod reply;
mod request;

pub use pool::{ServerError, ServerEvent, ServerPool};
pub use reply::{ClientConsole, HostReply};
pub use request::{CommandRequest, PipelineRequest};
