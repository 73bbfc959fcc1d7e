//! Wire truth, judged by foreign implementations on the other side.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod powershell_client;
mod pypsrp_client;
