#![no_main]
#![allow(missing_docs, reason = "the target is in the library")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::client::run(data));
