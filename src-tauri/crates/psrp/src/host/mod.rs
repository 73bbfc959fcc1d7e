//! Host calls: what the endpoint asks of the console it thinks it has. [MS-PSRP] 2.2.2.15, 2.2.2.16,
//! 2.2.2.27, 2.2.2.28, 2.2.3.14, 2.2.3.17

mod call;
mod info;
mod method;
mod question;
mod refusal;

pub use call::{HostAnswer, HostCall};
pub use info::{HostInfo, Size};
pub use method::HostMethod;
pub use question::{Choice, Field, Question};
