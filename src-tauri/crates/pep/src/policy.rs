//! What whoever looks after this computer forbids or requires (S-32): one file in a place that users cannot write.
//!
//! Nothing in it can allow what is forbidden otherwise. A file that cannot be read or understood counts as the strictest one.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::json;
use crate::outgoing_ntlm::Exceptions;

/// The largest file that is looked at, in bytes.
const LARGEST: usize = 64 * 1024;
/// The deepest nesting of it: it is flat.
const DEEPEST: usize = 2;

/// What holds on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Policy {
    /// Whether passwords may be kept in the key ring.
    pub store_passwords: bool,
    /// Whether only endpoints with HTTPS may be signed in to.
    pub require_https: bool,
    /// Whether only endpoints that prove their name with Kerberos may be signed in to.
    pub require_kerberos: bool,
    /// The servers that NTLM may be used with, where Windows denies it with others.
    pub ntlm_only_with: Option<Exceptions>,
    /// Whether there is a practice stamp.
    pub practice: bool,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// What is wrong with one of them; then the strictest policy holds.
    pub damaged: Option<String>,
}

/// The file. Every rule may be left out; one that is not known is an error, because it may forbid something.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    version: u32,
    store_passwords: Option<bool>,
    require_https: Option<bool>,
    require_kerberos: Option<bool>,
    practice: Option<bool>,
}

impl Default for Policy {
    /// Without a file.
    fn default() -> Self {
        Self {
            store_passwords: true,
            require_https: false,
            require_kerberos: false,
            ntlm_only_with: None,
            practice: true,
            files: Vec::new(),
            damaged: None,
        }
    }
}

impl Policy {
    /// What these files say, as [`Policy::load`], and what the operating system's own settings say.
    #[must_use]
    pub fn of_this_computer(places: &[PathBuf]) -> Self {
        #[cfg_attr(not(windows), allow(unused_mut, reason = "only Windows has a setting of its own"))]
        let mut policy = Self::load(places);
        #[cfg(windows)]
        {
            use crate::outgoing_ntlm::{PLACE, denied};
            policy.ntlm_only_with = denied(&winreg::RegKey::predef(winreg::enums::HKEY_LOCAL_MACHINE), PLACE);
            if policy.ntlm_only_with.is_some() {
                policy.files.push(Path::new("HKEY_LOCAL_MACHINE").join(PLACE));
            }
        }
        policy
    }

    /// Whether NTLM must not be used with this server.
    #[must_use]
    pub fn forbids_ntlm(&self, host: &str) -> bool {
        self.require_kerberos || self.ntlm_only_with.as_ref().is_some_and(|exceptions| !exceptions.name(host))
    }

    /// Reads these files, of which each may be missing; what one of them forbids is forbidden.
    #[must_use]
    pub fn load(places: &[PathBuf]) -> Self {
        let mut policy = Self::default();
        for place in places {
            match std::fs::read(place) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => policy.strictest(place, error.to_string()),
                Ok(bytes) => match read(&bytes) {
                    Ok(file) => policy.add(place, &file),
                    Err(why) => policy.strictest(place, why),
                },
            }
        }
        policy
    }

    fn add(&mut self, place: &Path, file: &File) {
        self.store_passwords &= file.store_passwords.unwrap_or(true);
        self.require_https |= file.require_https.unwrap_or(false);
        self.require_kerberos |= file.require_kerberos.unwrap_or(false);
        self.practice &= file.practice.unwrap_or(true);
        self.files.push(place.to_owned());
    }

    fn strictest(&mut self, place: &Path, why: String) {
        self.files.push(place.to_owned());
        *self = Self {
            store_passwords: false,
            require_https: true,
            require_kerberos: true,
            ntlm_only_with: None,
            practice: false,
            files: std::mem::take(&mut self.files),
            damaged: Some(why),
        };
    }
}

fn read(bytes: &[u8]) -> Result<File, String> {
    if bytes.len() > LARGEST {
        return Err("it is too large".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let value = json::strict(text.trim_start_matches('\u{feff}'), DEEPEST).map_err(|error| error.to_string())?;
    let file: File = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if file.version == 1 { Ok(file) } else { Err(format!("its version is {}, not 1", file.version)) }
}

/// Where the file is looked for. Users cannot write there.
#[must_use]
pub fn places() -> Vec<PathBuf> {
    const FILE: &str = "policy.json";
    if cfg!(windows) {
        // The folder has this name everywhere but where somebody moved it; a changed variable must not hide a policy that is there.
        let usual = PathBuf::from(r"C:\ProgramData");
        let moved = std::env::var_os("ProgramData").map(PathBuf::from).filter(|folder| *folder != usual);
        [Some(usual), moved].into_iter().flatten().map(|folder| folder.join("pep-assistant").join(FILE)).collect()
    } else if cfg!(target_os = "macos") {
        vec![Path::new("/Library/Application Support/pep-assistant").join(FILE)]
    } else {
        vec![Path::new("/etc/pep-assistant").join(FILE)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Policy {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("policy.json");
        std::fs::write(&place, text).unwrap();
        Policy { files: Vec::new(), ..Policy::load(&[place]) }
    }

    #[test]
    fn s32_each_rule_by_itself() {
        let free = Policy::default();
        assert_eq!(Policy::load(&[PathBuf::from("/nonexistent/policy.json")]), free);
        assert_eq!(of(r#"{"version": 1}"#), free);
        let allows = r#"{"version": 1, "storePasswords": true, "requireHttps": false, "requireKerberos": false, "practice": true}"#;
        assert_eq!(of(allows), free);
        for (rule, wanted) in [
            (r#""storePasswords": false"#, Policy { store_passwords: false, ..free.clone() }),
            (r#""requireHttps": true"#, Policy { require_https: true, ..free.clone() }),
            (r#""requireKerberos": true"#, Policy { require_kerberos: true, ..free.clone() }),
            (r#""practice": false"#, Policy { practice: false, ..free.clone() }),
        ] {
            assert_eq!(of(&format!(r#"{{"version": 1, {rule}}}"#)), wanted, "{rule}");
        }
    }

    #[test]
    fn s32_what_is_not_understood_is_the_strictest_policy() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            r#"{"storePasswords": true}"#,
            r#"{"version": 2}"#,
            r#"{"version": 1, "storepasswords": true}"#,
            r#"{"version": 1, "requireSmartCard": true}"#,
            r#"{"version": 1, "storePasswords": "no"}"#,
            r#"{"version": 1, "practice": false, "practice": true}"#,
            r#"{"version": 1} {"version": 1}"#,
            &format!(r#"{{"version": 1{}}}"#, " ".repeat(LARGEST)),
        ] {
            let policy = of(text);
            assert!(policy.damaged.is_some(), "{text:.60}");
            let strict = (policy.store_passwords, policy.require_https, policy.require_kerberos, policy.practice);
            assert_eq!(strict, (false, true, true, false), "{text:.60}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(Policy::load(&[folder.path().to_owned()]).damaged.is_some(), "a folder in its place");
    }

    #[test]
    fn row_24_ntlm_is_forbidden_by_a_file_or_by_windows_but_for_its_exceptions() {
        let free = Policy::default();
        let file = Policy { require_kerberos: true, ..free.clone() };
        let windows = Policy { ntlm_only_with: Some(Exceptions::new(&["azs-ercs01"])), ..free.clone() };
        let both = Policy { require_kerberos: true, ..windows.clone() };
        for (policy, excepted, other) in
            [(free, false, false), (file, true, true), (windows, false, true), (both, true, true)]
        {
            assert_eq!((policy.forbids_ntlm("AZS-ERCS01"), policy.forbids_ntlm("azs-ercs02")), (excepted, other));
        }
    }

    #[test]
    fn s32_a_second_file_cannot_allow_what_the_first_forbids() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one.json", "other.json"].map(|name| folder.path().join(name));
        std::fs::write(&one, r#"{"version": 1, "storePasswords": false}"#).unwrap();
        std::fs::write(&other, r#"{"version": 1, "storePasswords": true, "practice": false}"#).unwrap();
        for places in [[one.clone(), other.clone()], [other.clone(), one.clone()]] {
            let policy = Policy::load(&places);
            assert_eq!((policy.store_passwords, policy.practice, policy.files.len()), (false, false, 2));
        }
        std::fs::write(&one, "{").unwrap();
        for places in [[one.clone(), other.clone()], [other, one]] {
            let policy = Policy::load(&places);
            assert!(policy.damaged.is_some() && policy.require_https && !policy.practice, "{policy:?}");
        }
    }
}
