//! Sealed messages. RFC 4121 section 4.2.4, in WinRM's split into a header and a message of its own length.

use spnego::{MessageSecurity, SealError};

use crate::system::Context;

/// The messages of one connection.
pub(crate) struct Channel {
    context: Context,
    header: usize,
    /// A message failed: nothing is sealed or unsealed any more.
    ended: bool,
}

impl Channel {
    pub(crate) fn new(context: Context, header: usize) -> Self {
        Self { context, header, ended: false }
    }
}

impl MessageSecurity for Channel {
    fn seal(&mut self, message: &mut [u8]) -> Vec<u8> {
        let header = if self.ended { None } else { self.context.seal(message) };
        let header = header.filter(|header| header.len() == self.header);
        header.unwrap_or_else(|| {
            // Nothing leaves in clear: the endpoint will refuse what cannot be unsealed.
            message.fill(0);
            vec![0; self.header]
        })
    }

    fn unseal(&mut self, header: &[u8], message: &mut [u8]) -> Result<(), SealError> {
        if self.ended {
            message.fill(0);
            return Err(SealError::Ended);
        }
        let token = [header, &*message].concat();
        match self.context.unseal(&token) {
            Some(plain) if header.len() == self.header && plain.len() == message.len() => {
                message.copy_from_slice(&plain);
                Ok(())
            }
            _ => {
                message.fill(0);
                self.ended = true;
                Err(SealError::BadSignature)
            }
        }
    }

    fn header_length(&self) -> usize {
        self.header
    }
}
