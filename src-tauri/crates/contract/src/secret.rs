//! The one message with a secret in it.

use serde::Deserialize;
use ts_rs::TS;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A password on its way in. It cannot be written, printed or copied, and is wiped.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop, TS)]
#[serde(transparent)]
pub struct PasswordEntry(String);

impl PasswordEntry {
    /// Takes the text out.
    #[must_use]
    pub fn into_text(mut self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(std::mem::take(&mut self.0))
    }
}
