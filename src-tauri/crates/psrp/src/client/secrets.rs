//! The pool machine: the key exchange, and what waits for it. [MS-PSRP] 3.1.5.4.3 to 3.1.5.4.5

use clixml::SecureString;

use super::answering::{KEY_FAILED, WaitingAnswer};
use super::exchange::Exchange;
use super::outbox::Outgoing;
use super::pool::Phase;
use super::{ClientPool, Event, InputStream};
use crate::{KeyError, MessageType, SecretText, SessionKey};

impl ClientPool {
    /// Starts the key exchange, to read a secret of the endpoint. Harmless when it runs or is done.
    pub fn request_key(&mut self) {
        match (&self.exchange, self.phase) {
            // A script at the start may ask for a secret before the pool is open, and keeps it from being opened.
            (Exchange::None | Exchange::Wanted, Phase::Negotiated(_) | Phase::Opened(_)) => self.send_public_key(),
            (Exchange::None, Phase::Opening) => self.exchange = Exchange::Wanted,
            _ => {}
        }
    }

    /// Whether the key exchange runs: the driver gives it 60 seconds.
    #[must_use]
    pub fn is_exchanging_key(&self) -> bool {
        matches!(self.exchange, Exchange::Waiting(_))
    }

    /// The endpoint did not answer in time.
    pub fn key_exchange_timed_out(&mut self) {
        if self.is_exchanging_key() {
            self.fail_exchange();
        }
    }

    /// Reads a secret of the endpoint.
    ///
    /// # Errors
    /// When the key is not there ([`ClientPool::request_key`]), or for whatever else is wrong.
    pub fn decrypt(&self, secret: &SecureString) -> Result<SecretText, KeyError> {
        self.exchange.key().ok_or(KeyError)?.decrypt(secret)
    }

    /// The session key, once it is there.
    #[must_use]
    pub fn session_key(&self) -> Option<&SessionKey> {
        self.exchange.key()
    }

    /// Whether secrets can be read and sent now.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.exchange.key().is_some()
    }

    pub(super) fn send_public_key(&mut self) {
        match self.exchange.start(&mut *self.keys) {
            Ok(content) => {
                let message = self.message(None, MessageType::PublicKey, &content);
                self.outbox.push_first(Outgoing::Message { pipeline: None, stream: InputStream::Stdin, message });
            }
            Err(KeyError) => self.fail_exchange(),
        }
    }

    fn fail_exchange(&mut self) {
        self.exchange = Exchange::Failed;
        self.events.push_back(Event::KeyFailed);
        for WaitingAnswer { pipeline, call, method, .. } in std::mem::take(&mut self.answers) {
            self.send_refusal(pipeline, call, method, KEY_FAILED);
        }
        self.start_waiting();
    }

    /// The key came: everything that waited for it goes out.
    pub(super) fn key_is_ready(&mut self) {
        self.events.push_back(Event::KeyReady);
        for waiting in std::mem::take(&mut self.answers) {
            // A secret that cannot be encrypted was answered with an error.
            let _: Result<(), KeyError> = self.send_answer(&waiting);
        }
        self.start_waiting();
    }
}
