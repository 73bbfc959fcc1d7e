//! The token: in memory only, wiped, and without a form that could be printed.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// An access token.
pub struct AccessToken {
    secret: Zeroizing<String>,
    until: Option<Instant>,
}

impl AccessToken {
    /// A token that was got elsewhere.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self { secret: Zeroizing::new(secret), until: None }
    }

    /// With the time that it is good for from now on.
    #[must_use]
    pub(crate) fn good_for(mut self, time: Option<Duration>) -> Self {
        self.until = time.and_then(|time| Instant::now().checked_add(time));
        self
    }

    /// Whether its time is over, as far as that is known here.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    /// The header that shows it.
    pub(crate) fn header(&self) -> Option<http::HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", self.secret.trim()));
        let mut value = http::HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_sensitive_and_a_bad_token_makes_none() {
        let header = AccessToken::new("abc\n".into()).header().unwrap();
        assert!(header.is_sensitive() && header == "Bearer abc");
        assert!(AccessToken::new("a\nb".into()).header().is_none());
        assert!(AccessToken::new("a".into()).good_for(Some(Duration::ZERO)).is_over());
    }
}
