//! Whatever an endpoint sends and whatever the operator does meanwhile, the pool keeps its promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod machine;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_pool_keeps_its_promises(script in prop::collection::vec(any::<u8>(), 0..600)) {
        machine::play(&script);
    }
}
