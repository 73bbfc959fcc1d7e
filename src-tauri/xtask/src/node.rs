//! Node.js and the page's packages.

use crate::command::{Outcome, output, program, root, run};

/// The oldest Node.js that the page's build runs on.
const OLDEST: (u32, u32) = (20, 19);

/// Checks Node.js and installs the page's packages where they are missing or older than the lock file.
pub(crate) fn ensure() -> Outcome {
    let version = output("node", &["--version"]).ok_or_else(|| {
        format!("Node.js {}.{} or newer is needed to build the page and was not found", OLDEST.0, OLDEST.1)
    })?;
    if parse(&version).is_none_or(|found| found < OLDEST) {
        return Err(format!(
            "Node.js {}.{} or newer is needed to build the page; this is {version}",
            OLDEST.0, OLDEST.1
        ));
    }
    let ui = root().join("ui");
    let changed = |path: &str| std::fs::metadata(ui.join(path)).and_then(|meta| meta.modified()).ok();
    // npm writes this file last, so it tells when the last installation was complete.
    match (changed("package-lock.json"), changed("node_modules/.package-lock.json")) {
        (Some(wanted), Some(installed)) if wanted <= installed => {
            println!("Page packages: all there");
            Ok(())
        }
        _ => {
            println!(
                "Page packages to install: those of ui/package-lock.json, into ui/node_modules (the page's build)"
            );
            npm(&["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .map_err(|reason| format!("the page's packages could not be installed ({reason})"))
        }
    }
}

/// Runs npm in the page's folder.
pub(crate) fn npm(arguments: &[&str]) -> Outcome {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(program(name).current_dir(root().join("ui")).args(arguments))
}

/// `v20.20.2` as major and minor number.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_read_with_and_without_the_letter() {
        assert_eq!(super::parse("v20.19.1"), Some((20, 19)));
        assert_eq!(super::parse("22.0.0"), Some((22, 0)));
        assert_eq!(super::parse("unknown"), None);
    }
}
