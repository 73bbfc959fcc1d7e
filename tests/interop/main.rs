//! Wire truth, judged by foreign implementations on the other side.

#![allow(missing_docs, reason = "tests")]
