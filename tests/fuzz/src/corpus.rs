//! What is kept of earlier runs: one file a target, `corpus/<target>.gz`, with an input a line in base64. libFuzzer wants folders;
//! they are made of it and put back into it (`examples/corpus.rs`).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::seeds;

/// Inputs that are longer are not kept, in bytes.
pub const LONGEST: usize = 4096;
/// No more inputs of a target are kept.
pub const MOST: usize = 250;

fn file(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target).with_extension("gz")
}

/// The inputs of a target that are kept, and the seeds made of golden data.
#[must_use]
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    let mut inputs = seeds::of(target);
    if let Ok(packed) = std::fs::File::open(file(target)) {
        let mut text = String::new();
        GzDecoder::new(packed).read_to_string(&mut text).expect("a corpus is text");
        inputs.extend(text.lines().map(|line| STANDARD.decode(line).expect("in base64")));
    }
    inputs
}

/// Keeps these inputs of a target, the short ones first.
///
/// # Panics
/// When the file cannot be written.
pub fn keep(target: &str, mut inputs: Vec<Vec<u8>>) -> usize {
    let seeds = seeds::of(target);
    inputs.retain(|input| input.len() <= LONGEST && !seeds.contains(input));
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    inputs.dedup();
    // Short and long ones alike.
    let step = inputs.len().div_ceil(MOST).max(1);
    let kept: Vec<_> = inputs.into_iter().step_by(step).collect();
    let path = file(target);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    let mut packed = GzEncoder::new(std::fs::File::create(path).expect("the file is made"), Compression::best());
    for input in &kept {
        writeln!(packed, "{}", STANDARD.encode(input)).expect("it is written");
    }
    packed.finish().expect("it is written");
    kept.len()
}
