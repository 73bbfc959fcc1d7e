//! Windows' security option "Restrict NTLM: Outgoing NTLM traffic to remote servers" (row F24).
//!
//! Windows enforces it in its own library only, which this app does not use. It is kept all the same: whoever set it meant every
//! program of the computer.

/// The servers that NTLM may be used with where the option denies it otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions(Vec<glob::Pattern>);

impl Exceptions {
    /// Names of servers; `*` in one stands for any part of a name. What is no such name exempts nobody.
    #[must_use]
    pub fn new<S: AsRef<str>>(names: &[S]) -> Self {
        let escaped = |name: &str| glob::Pattern::escape(name.trim()).replace("[*]", "*");
        Self(names.iter().filter_map(|name| glob::Pattern::new(&escaped(name.as_ref())).ok()).collect())
    }

    /// Whether this server is one of them.
    #[must_use]
    pub fn name(&self, host: &str) -> bool {
        let any_case = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::default() };
        self.0.iter().any(|pattern| pattern.matches_with(host, any_case))
    }
}

/// Where the option is kept.
#[cfg(windows)]
pub(crate) const PLACE: &str = r"SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0";

/// The exceptions, where the option denies outgoing NTLM. An option that cannot be read denies it.
#[cfg(windows)]
pub(crate) fn denied(root: &winreg::RegKey, place: &str) -> Option<Exceptions> {
    /// "Deny all"; 0 allows, 1 only notes.
    const DENY_ALL: u32 = 2;
    let missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    let rule =
        root.open_subkey(place).and_then(|key| Ok((key.get_value::<u32, _>("RestrictSendingNTLMTraffic")?, key)));
    match rule {
        Err(error) if missing(&error) => None,
        Err(error) => {
            tracing::warn!(%error, "Whether NTLM may be used cannot be read");
            Some(Exceptions::default())
        }
        Ok((DENY_ALL, key)) => {
            Some(Exceptions::new(&key.get_value::<Vec<String>, _>("ClientAllowedNTLMServers").unwrap_or_default()))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_24_exceptions_are_names_in_any_case_with_stars() {
        let exceptions = Exceptions::new(&["AZS-ERCS01", "*.azurestack.local", "10.0.*.224", " [x] ", ""]);
        for (host, is_one) in [
            ("azs-ercs01", true),
            ("azs-ercs02", false),
            ("azs-ercs02.AzureStack.local", true),
            ("azurestack.local", false),
            ("10.0.5.224", true),
            ("10.0.5.225", false),
            ("[X]", true),
            ("x", false),
        ] {
            assert_eq!(exceptions.name(host), is_one, "{host}");
        }
        assert!(!Exceptions::default().name("azs-ercs01"));
    }

    #[cfg(windows)]
    #[test]
    fn row_24_the_option_of_windows_is_read() {
        let user = winreg::RegKey::predef(winreg::enums::HKEY_CURRENT_USER);
        let place = r"Software\pep-assistant-test";
        let _ = user.delete_subkey_all(place);
        assert_eq!(denied(&user, place), None);
        let (key, _) = user.create_subkey(place).unwrap();
        for (value, denies) in [(None, false), (Some(0_u32), false), (Some(1), false), (Some(2), true)] {
            if let Some(value) = value {
                key.set_value("RestrictSendingNTLMTraffic", &value).unwrap();
            }
            assert_eq!(denied(&user, place).is_some(), denies, "{value:?}");
        }
        key.set_value("ClientAllowedNTLMServers", &vec!["azs-ercs01".to_owned(), "*.x".to_owned()]).unwrap();
        assert_eq!(denied(&user, place), Some(Exceptions::new(&["azs-ercs01", "*.x"])));
        key.set_value("RestrictSendingNTLMTraffic", &"2").unwrap();
        assert_eq!(denied(&user, place), Some(Exceptions::default()), "what is not understood denies");
        user.delete_subkey_all(place).unwrap();
    }
}
