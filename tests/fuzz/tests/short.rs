//! A short run of every target with the tests, without libFuzzer: its corpus, its seeds, and changes of both by a fixed seed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fuzz::corpus;

/// Numbers from a seed: what fails can be made again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// One of the inputs, with a few changes.
    fn input(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(4) {
            let (place, other) = (self.below(input.len() + 1), &inputs[self.below(inputs.len())]);
            let length = self.below(8);
            let end = input.len().min(place + length);
            let from = self.below(other.len() + 1);
            let piece = &other[from..other.len().min(from + self.below(40))];
            match self.below(6) {
                0 if place < input.len() => input[place] ^= 1 << self.below(8),
                1 if place < input.len() => input[place] = u8::try_from(self.below(256)).unwrap(),
                2 => drop(input.drain(place..end)),
                3 => drop(input.splice(place..place, piece.iter().copied())),
                4 => drop(input.splice(place..end, piece.iter().copied())),
                _ => input.insert(place, u8::try_from(self.below(256)).unwrap()),
            }
        }
        input
    }
}

fn short_run(name: &str) {
    let target = fuzz::TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = corpus::inputs(name);
    assert!(!inputs.is_empty(), "{name} has seeds");
    let mut chance = Chance(2026);
    let changed = (0..target.short).map(|_| chance.input(&inputs)).collect::<Vec<_>>();
    for input in inputs.iter().chain(&changed) {
        if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
            panic!("{name} fails; the input in base64: {}", STANDARD.encode(input));
        }
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            short_run(stringify!($name));
        })*

        #[test]
        fn every_target_has_its_short_run_and_its_program() {
            let here = [$(stringify!($name)),*];
            let mut all: Vec<_> = fuzz::TARGETS.iter().map(|target| target.name).collect();
            all.sort_unstable();
            assert_eq!(here.to_vec(), all);
            let programs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
            assert!(all.iter().all(|name| programs.join(name).with_extension("rs").exists()));
            assert_eq!(std::fs::read_dir(programs).unwrap().count(), all.len());
        }
    };
}

targets! {
    client
    client_pool
    clixml
    format
    fragments
    http_answer
    journal
    kept_files
    multipart
    ntlm_challenge
    pasted_text
    records
    server_pool
    soap_request
    soap_response
    spnego_token
    stamp_file
    xml
}
