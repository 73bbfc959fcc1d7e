//! P-23: what the worst inputs take in memory, by counting what is allocated. The same in every run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use cap::Cap;
use fuzz::worst::{self, Worst};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// One test at a time: they share the counters.
static ALONE: Mutex<()> = Mutex::new(());

/// What reading may take beside the input.
const MOST: usize = 256 << 20;

/// Bytes that were allocated for reading this in all. Whoever needs more than 256 MiB at once ends the process, which prints what
/// could not be had.
fn cost(worst: &Worst, size: usize) -> usize {
    let input = (worst.input)(size);
    let (before, total) = (HEAP.allocated(), HEAP.total_allocated());
    HEAP.set_limit(before + MOST).unwrap();
    let accepted = (worst.read)(&input);
    HEAP.set_limit(usize::MAX).unwrap();
    assert!(accepted, "{}: {} of {size} has another outcome", worst.reader, worst.name);
    HEAP.total_allocated() - total
}

#[test]
fn p23_the_worst_input_at_the_limit_takes_no_more_than_256_mib() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for worst in worst::all() {
        cost(&worst, worst.most);
    }
}

#[test]
fn p23_an_input_of_twice_the_size_allocates_no_more_than_two_and_a_half_times_as_much() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for worst in worst::all() {
        assert!(worst.size * 2 <= worst.most, "{}", worst.name);
        let (one, two) = (cost(&worst, worst.size), cost(&worst, worst.size * 2));
        assert!(two * 2 <= one * 5 + (64 << 10), "{}: {}: {one} bytes, then {two}", worst.reader, worst.name);
    }
}
