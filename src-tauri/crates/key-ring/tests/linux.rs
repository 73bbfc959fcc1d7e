//! The real Secret Service, on a session bus of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use app::host::{SecretStore, StoreError, entry_name};
use key_ring::KeyRing;
use spnego::Secret;

/// Says to the inner process what it has to find.
const WANTED: &str = "PEP_TEST_KEY_RING";
const PASSWORD: &str = "canary-5f1f0c2a";

/// Runs the test of this name again on a bus where a shell has prepared a key ring.
fn on_a_bus(test: &str, wanted: &str, prepared: &str, home: &Path) -> Output {
    // The service would outlive its bus.
    let script = format!(
        r#"{prepared}
        code=0; "$0" --exact {test} --nocapture || code=$?
        ring=$(dbus-send --print-reply=literal --dest=org.freedesktop.DBus / \
            org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets 2>/dev/null) || exit $code
        kill "${{ring##* }}"
        exit $code"#
    );
    // A former one's service is not found again.
    let run = tempfile::tempdir_in(home).unwrap();
    Command::new("dbus-run-session")
        .args(["--", "sh", "-euc", &script])
        .arg(std::env::current_exe().unwrap())
        .env(WANTED, wanted)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_RUNTIME_DIR", run.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("dbus-run-session is installed")
}

const UNLOCKED: &str = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null";

#[test]
fn s36_without_a_usable_key_ring_nothing_is_kept_and_the_reason_is_told() {
    const TEST: &str = "s36_without_a_usable_key_ring_nothing_is_kept_and_the_reason_is_told";
    if let Ok(wanted) = std::env::var(WANTED) {
        let ring = KeyRing::default();
        let problem = ring.status().expect_err("it cannot be used");
        let found = match &problem {
            StoreError::Missing(_) => "missing",
            StoreError::Locked(_) => "locked",
            StoreError::NoDefault => "no default",
            _ => "another",
        };
        assert_eq!(found, wanted, "{problem}");
        assert_eq!(ring.save("entry", &Secret::from(PASSWORD.to_owned())), Err(problem.clone()));
        assert_eq!(ring.load("entry").err(), Some(problem));
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // No bus at all, one on which nothing can be started, a service that has no collection yet, and one that was made and locked.
    let no_bus = "export DBUS_SESSION_BUS_ADDRESS=unix:path=\"$HOME/none\"";
    let no_service = r#"
        printf '<busconfig><listen>unix:path=%s/bus</listen><policy context="default"><allow send_destination="*"/>
            <allow receive_sender="*"/><allow own="*"/></policy></busconfig>' "$HOME" >"$HOME/bus.conf"
        dbus-daemon --config-file="$HOME/bus.conf" --fork --print-pid=3 3>"$HOME/pid"
        trap 'kill "$(cat "$HOME/pid")"' EXIT
        export DBUS_SESSION_BUS_ADDRESS="unix:path=$HOME/bus"
        "#;
    let started = "gnome-keyring-daemon --start --components=secrets >/dev/null";
    for (wanted, prepared, home) in [
        ("missing", no_bus, home.path().join("a")),
        ("missing", no_service, home.path().join("b")),
        ("no default", started, home.path().join("c")),
        ("locked", started, home.path().join("d")),
    ] {
        std::fs::create_dir_all(&home).unwrap();
        if wanted == "locked" {
            let made = on_a_bus("none", "", UNLOCKED, &home);
            assert!(made.status.success(), "{made:?}");
        }
        let told = on_a_bus(TEST, wanted, prepared, &home);
        assert!(told.status.success(), "{wanted}: {}", String::from_utf8_lossy(&told.stderr));
        assert!(!holds(&home, PASSWORD), "{wanted}: it is in no file either");
    }
}

#[test]
fn s36_s37_what_is_kept_is_in_the_key_ring_and_in_no_file() {
    const TEST: &str = "s36_s37_what_is_kept_is_in_the_key_ring_and_in_no_file";
    if std::env::var_os(WANTED).is_some() {
        let ring = KeyRing::default();
        ring.status().unwrap();
        // Two pairs that would be one name if their parts were only joined.
        let (one, other) = (entry_name("a/1:b", "c"), entry_name("a", "b/1:c"));
        ring.save(&one, &Secret::from(PASSWORD.to_owned())).unwrap();
        assert!(ring.load(&other).unwrap().is_none());
        ring.save(&other, &Secret::from("another".to_owned())).unwrap();
        // A second program of the same person.
        let again = KeyRing::default();
        assert_eq!(again.load(&one).unwrap().unwrap().expose(), PASSWORD);
        again.forget(&one).unwrap();
        again.forget(&one).unwrap();
        assert!(ring.load(&one).unwrap().is_none());
        assert_eq!(ring.load(&other).unwrap().unwrap().expose(), "another");
        ring.save(&one, &Secret::from(PASSWORD.to_owned())).unwrap();
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let told = on_a_bus(TEST, "kept", UNLOCKED, home.path());
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(home.path().join("data/keyrings/login.keyring").is_file());
    assert!(!holds(home.path(), PASSWORD));
}

/// Whether a file below this folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            return holds(&path, text);
        }
        kind.is_file() && std::fs::read(&path).unwrap().windows(text.len()).any(|found| found == text.as_bytes())
    })
}
