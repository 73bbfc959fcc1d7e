//! The account and the password.

use zeroize::Zeroizing;

/// A text that must not be seen: it is wiped when dropped and cannot be printed, copied or serialized.
///
/// ```
/// fn length(secret: spnego::Secret) { println!("{}", secret.expose().len()); }
/// ```
/// ```compile_fail,E0277
/// fn shows(secret: spnego::Secret) { println!("{secret}"); }
/// ```
/// ```compile_fail,E0277
/// fn shows(secret: spnego::Secret) { println!("{secret:?}"); }
/// ```
/// ```compile_fail,E0599
/// fn copies(secret: &spnego::Secret) -> spnego::Secret { secret.clone() }
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text. Keep what is made of it as short as possible.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second owner of the text, named so that it is seen in reviews.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Zeroizing<String>> for Secret {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

/// An account with its password.
pub struct Credentials {
    /// The domain as typed; empty for a user principal name.
    pub domain: String,
    /// The user name, or the whole user principal name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Credentials {
    /// Splits `DOMAIN\user`; anything else, `user@domain` among it, is a user without a domain of its own.
    #[must_use]
    pub fn parse_account(account: &str) -> (String, String) {
        match account.trim().split_once('\\') {
            Some((domain, user)) => (domain.to_owned(), user.to_owned()),
            None => (String::new(), account.trim().to_owned()),
        }
    }

    /// Credentials of an account as typed.
    #[must_use]
    pub fn new(account: &str, password: Secret) -> Self {
        let (domain, user) = Self::parse_account(account);
        Self { domain, user, password }
    }
}
