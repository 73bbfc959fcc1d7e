//! Unpacks the corpora into folders for libFuzzer, and packs such folders: `corpus unpack DIR`, `corpus pack DIR`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a command")]

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder] = arguments.as_slice() else {
        println!("usage: corpus unpack DIR | corpus pack DIR");
        return;
    };
    for target in fuzz::TARGETS {
        let folder = Path::new(folder).join(target.name);
        if what == "unpack" {
            std::fs::create_dir_all(&folder).expect("the folder is made");
            for (number, input) in fuzz::corpus::inputs(target.name).iter().enumerate() {
                std::fs::write(folder.join(format!("kept-{number:04}")), input).expect("it is written");
            }
        } else if let Ok(files) = std::fs::read_dir(&folder) {
            let inputs = files.map(|file| std::fs::read(file.expect("a file").path()).expect("it is read"));
            println!("{:16} {} inputs kept", target.name, fuzz::corpus::keep(target.name, inputs.collect()));
        }
    }
}
