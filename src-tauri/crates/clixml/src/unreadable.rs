//! Values that cannot be read.

use std::fmt;

use crate::DecodeError;

/// A value inside a message that is no value: an element that CLIXML does not have, or a text that its type does not
/// allow. Only this value is lost, and what stood there is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The element's name.
    pub element: Box<str>,
    /// What is wrong with it.
    pub reason: Box<str>,
    /// What stood between its tags. Empty for a `SecureString`: without a session key that may be the secret itself.
    pub source: Box<str>,
}

impl Unreadable {
    pub(crate) fn new(element: &str, error: &DecodeError, source: &str) -> Self {
        let source = if element == "SS" || holds_secret(source) { "" } else { source };
        Self { element: element.into(), reason: error.to_string().into(), source: source.into() }
    }
}

/// Whether a text that cannot be read may hold a secret in clear: they lie in elements named `SS`, whatever their prefix. There is no
/// other way to say that some element holds none.
#[must_use]
pub fn holds_secret(source: &str) -> bool {
    source.split('<').skip(1).any(|tag| {
        let name = tag.split(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/')).next();
        name.is_some_and(|name| name.rsplit(':').next().is_some_and(|name| name.starts_with("SS")))
    })
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unreadable({})", self.reason)
    }
}
