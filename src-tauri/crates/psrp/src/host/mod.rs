//! Host calls: what the endpoint asks of the console it thinks it has. [MS-PSRP] 2.2.3.14, 2.2.3.17, 2.2.3.27, 2.2.3.28

mod call;
mod info;
mod method;
mod question;
mod refusal;

pub use call::{HostAnswer, HostCall};
pub use info::{HostInfo, Size};
pub use method::HostMethod;
pub use question::{Choice, Field, Question};
