//! Whatever the other end sends and whatever the operator or a command does meanwhile, the pools keep their promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod machine;
mod server_machine;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_pool_keeps_its_promises(script in prop::collection::vec(any::<u8>(), 0..600)) {
        machine::play(&script);
    }

    #[test]
    fn a_servers_pool_keeps_its_promises(script in prop::collection::vec(any::<u8>(), 0..600)) {
        server_machine::play(&script);
    }
}
