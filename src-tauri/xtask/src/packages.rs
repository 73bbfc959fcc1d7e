//! System packages: what is needed, why, and how it gets there.

use crate::command::{Outcome, output, program, run};

/// A group of Debian packages with the reason that is shown when one is installed.
pub(crate) struct Packages {
    why: &'static str,
    names: &'static [&'static str],
}

/// For building and showing the app.
pub(crate) const BUILD: Packages = Packages {
    why: "the web view that the window is made of, and a C tool chain for the crates that need one",
    names: &[
        "build-essential",
        "file",
        "libssl-dev",
        "libwebkit2gtk-4.1-dev",
        "librsvg2-dev",
        "libxdo-dev",
        "pkg-config",
    ],
};

/// For the tests.
pub(crate) const TEST: Packages = Packages {
    why: "a display without a screen, a key ring, browsers to drive, Python for the foreign servers and clients, and a Kerberos KDC",
    names: &[
        "chromium",
        "dbus",
        "dbus-x11",
        "fonts-dejavu-core",
        "fonts-noto-core",
        "gnome-keyring",
        "imagemagick",
        "krb5-admin-server",
        "krb5-kdc",
        "krb5-user",
        "libgssapi-krb5-2",
        "libicu72",
        "libkrb5-dev",
        "libsecret-tools",
        "openbox",
        "python3-dev",
        "python3-venv",
        "webkit2gtk-driver",
        "wmctrl",
        "xauth",
        "xvfb",
        "xz-utils",
    ],
};

/// The version of LLVM whose tools are taken from the system, that of the compiler
pub(crate) const LLVM_VERSION: &str = "22";

/// For measuring coverage, where the tool chain has no tools of its own.
pub(crate) const COVERAGE: Packages =
    Packages { why: "reading what an instrumented program counted", names: &["llvm-22"] };

/// Makes sure that all packages of these groups are installed, or says in one line who has to do what.
pub(crate) fn ensure(groups: &[&Packages]) -> Outcome {
    if output("dpkg-query", &["--version"]).is_none() {
        println!("System packages: this is not a Debian system, so they are not checked. Needed:");
        for group in groups {
            println!("  {} ({})", group.names.join(" "), group.why);
        }
        return Ok(());
    }
    let mut missing = Vec::new();
    for group in groups {
        let names: Vec<_> = group.names.iter().copied().filter(|name| !is_installed(name)).collect();
        if !names.is_empty() {
            println!("System packages to install: {} ({})", names.join(" "), group.why);
            missing.extend(names);
        }
    }
    if missing.is_empty() {
        println!("System packages: all there");
        return Ok(());
    }
    let line = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if output("id", &["-u"]).as_deref() != Some("0") {
        return Err(format!("system packages are missing; have an administrator run: sudo {line}"));
    }
    run(program("apt-get").args(["update", "-qq"]))
        .and_then(|()| {
            run(program("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "-y", "-qq", "--no-install-recommends"])
                .args(&missing))
        })
        .map_err(|reason| format!("the system packages could not be installed ({reason}); by hand: {line}"))
}

fn is_installed(name: &str) -> bool {
    output("dpkg-query", &["-W", "-f=${db:Status-Status}", name]).as_deref() == Some("installed")
}
