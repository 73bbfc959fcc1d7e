//! Typed views of the records that a pipeline gives, and their construction for the server's role.

mod build;
mod category;
mod error;
mod other;

pub use build::{ErrorInfo, information_record, informational_record, progress_record, state_value};
pub use category::category_name;
pub use error::ErrorRecord;
pub use other::{InformationRecord, ProgressRecord, color_name, message_of};
