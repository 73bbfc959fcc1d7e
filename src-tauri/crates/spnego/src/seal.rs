//! Sealed messages: RC4 over one stream per direction, with a signature. [MS-NLMP] section 3.4

use rc4::{Rc4, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::context::MessageSecurity;
use crate::ntlm::keys::{Key, hmac_md5, key_stream, md5};

/// The length of a signature in bytes.
pub const SIGNATURE_LENGTH: usize = 16;

/// Which side of the connection we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A sealed message cannot be trusted; the connection is of no use afterwards (S-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The signature does not fit message and sequence number: damaged, replayed, left out or forged.
    #[error("a sealed message failed its check")]
    BadSignature,
    /// An earlier message failed.
    #[error("the sealed channel was ended by an earlier failure")]
    Ended,
}

/// One direction: its keys, its key stream and its sequence number.
struct Direction {
    sign: Key,
    seal: Key,
    stream: Rc4,
    sequence: u32,
    // Key stream computed in advance, and how much of it was used.
    ahead: Zeroizing<Vec<u8>>,
    used: usize,
}

/// Seals what we send and unseals what we get. One per connection.
pub struct SealedChannel {
    send: Direction,
    receive: Direction,
    ended: bool,
}

impl Direction {
    fn new(session_key: &Key, name: &str) -> Self {
        let key = |kind: &str| {
            let magic = format!("session key to {name} {kind} key magic constant\0");
            md5(&[session_key.as_slice(), magic.as_bytes()])
        };
        let seal = key("sealing");
        Self {
            sign: key("signing"),
            stream: key_stream(&seal),
            seal,
            sequence: 0,
            ahead: Zeroizing::default(),
            used: 0,
        }
    }

    /// The checksum of a plain message at the present sequence number.
    fn checksum(&self, plain: &[u8]) -> Key {
        hmac_md5(self.sign.as_slice(), &[&self.sequence.to_le_bytes(), plain])
    }

    /// The signature made of a checksum; uses the sequence number up. The message itself went through the key stream
    /// before: data first, checksum second.
    fn signature(&mut self, checksum: &Key) -> [u8; SIGNATURE_LENGTH] {
        let number = self.sequence.to_le_bytes();
        self.sequence = self.sequence.wrapping_add(1);
        let mut sum = [0; 8];
        sum.iter_mut().zip(checksum.iter()).for_each(|(to, from)| *to = *from);
        self.apply(&mut sum);
        let mut signature = [0; SIGNATURE_LENGTH];
        let parts = [1, 0, 0, 0].into_iter().chain(sum).chain(number);
        signature.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        signature
    }

    /// Puts the key stream back to its start, as SPNEGO does after its mechListMIC; the sequence number goes on.
    fn restart(&mut self) {
        self.stream = key_stream(&self.seal);
        self.ahead = Zeroizing::default();
        self.used = 0;
    }

    /// Wipes the keys: nothing can be made or read with this direction any more.
    fn forget(&mut self) {
        self.sign.zeroize();
        self.seal.zeroize();
        self.restart();
    }

    /// Computes key stream for this many further bytes: it does not depend on the message, so it can be done while the
    /// message is still on its way.
    fn prepare(&mut self, bytes: usize) {
        let left = self.ahead.len().saturating_sub(self.used);
        if left >= bytes {
            return;
        }
        let mut ahead = Zeroizing::new(vec![0; bytes]);
        if let (Some(old), Some((kept, fresh))) = (self.ahead.get(self.used..), ahead.split_at_mut_checked(left)) {
            kept.copy_from_slice(old);
            self.stream.apply_keystream(fresh);
        }
        self.ahead = ahead;
        self.used = 0;
    }

    /// Runs a message through the key stream.
    fn apply(&mut self, message: &mut [u8]) {
        let ready = self.ahead.get(self.used..).unwrap_or_default();
        let count = ready.len().min(message.len());
        let Some((first, rest)) = message.split_at_mut_checked(count) else { return };
        first.iter_mut().zip(ready).for_each(|(byte, key)| *byte ^= key);
        self.used = self.used.saturating_add(count);
        self.stream.apply_keystream(rest);
    }
}

impl SealedChannel {
    pub(crate) fn new(session_key: &Key, side: Side) -> Self {
        let client = Direction::new(session_key, "client-to-server");
        let server = Direction::new(session_key, "server-to-client");
        let (send, receive) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        Self { send, receive, ended: false }
    }

    /// Seals a message in place and answers its signature.
    ///
    /// After a message that failed to unseal, nothing is sealed any more: message and signature are zeros.
    pub fn seal(&mut self, message: &mut [u8]) -> [u8; SIGNATURE_LENGTH] {
        if self.ended {
            message.fill(0);
            return [0; SIGNATURE_LENGTH];
        }
        let checksum = self.send.checksum(message);
        self.send.apply(message);
        self.send.signature(&checksum)
    }

    /// Unseals a message in place.
    ///
    /// # Errors
    /// When the signature does not fit; the channel is ended then, its keys and the message are wiped.
    pub fn unseal(&mut self, signature: &[u8], message: &mut [u8]) -> Result<(), SealError> {
        if self.ended {
            message.fill(0);
            return Err(SealError::Ended);
        }
        self.receive.apply(message);
        let checksum = self.receive.checksum(message);
        let wanted = self.receive.signature(&checksum);
        if bool::from(wanted.as_slice().ct_eq(signature)) {
            return Ok(());
        }
        self.ended = true;
        self.send.forget();
        self.receive.forget();
        message.fill(0);
        Err(SealError::BadSignature)
    }

    /// Signs the list of mechanisms. [MS-SPNG] section 3.2.5
    pub(crate) fn sign_mechanisms(&mut self, list: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        let checksum = self.send.checksum(list);
        let signature = self.send.signature(&checksum);
        self.send.restart();
        signature
    }

    /// Checks the other side's signature over the list of mechanisms.
    pub(crate) fn verify_mechanisms(&mut self, list: &[u8], signature: &[u8]) -> bool {
        let checksum = self.receive.checksum(list);
        let wanted = self.receive.signature(&checksum);
        self.receive.restart();
        bool::from(wanted.as_slice().ct_eq(signature))
    }
}

impl MessageSecurity for SealedChannel {
    fn seal(&mut self, message: &mut [u8]) -> Vec<u8> {
        Self::seal(self, message).to_vec()
    }

    fn unseal(&mut self, header: &[u8], message: &mut [u8]) -> Result<(), SealError> {
        Self::unseal(self, header, message)
    }

    fn header_length(&self) -> usize {
        SIGNATURE_LENGTH
    }

    fn prepare(&mut self, bytes: usize) {
        self.receive.prepare(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_worked_example_of_the_specification() {
        // [MS-NLMP] section 4.2.4.4
        let key = Key::new([0x55; 16]);
        let mut client = SealedChannel::new(&key, Side::Client);
        assert_eq!(hex(client.send.sign.as_slice()), "4788dc861b4782f35d43fd98fe1a2d39");
        assert_eq!(hex(client.send.seal.as_slice()), "59f600973cc4960a25480a7c196e4c58");
        let plain = crate::ntlm::utf16("Plaintext");
        let mut message = plain.clone();
        let signature = client.seal(&mut message);
        assert_eq!(hex(&message), "54e50165bf1936dc996020c1811b0f06fb5f");
        assert_eq!(hex(&signature), "010000007fb38ec5c55d497600000000");
        let mut server = SealedChannel::new(&key, Side::Server);
        assert_eq!(server.unseal(&signature, &mut message), Ok(()));
        assert_eq!(message, plain);
    }

    #[test]
    fn work_done_in_advance_changes_nothing() {
        let key = Key::new([7; 16]);
        let mut server = SealedChannel::new(&key, Side::Server);
        let mut client = SealedChannel::new(&key, Side::Client);
        for (number, prepared) in (0_u8..7).zip([0, 10, 50, 200, 0, 7, 3]) {
            let plain = vec![number; 40];
            let mut message = plain.clone();
            let signature = server.seal(&mut message);
            MessageSecurity::prepare(&mut client, prepared);
            assert_eq!(client.unseal(&signature, &mut message), Ok(()));
            assert_eq!(message, plain);
        }
    }
}
