//! A sign-in that trusts everyone and a seal that hides nothing, so that any byte gets to what lies behind them.

use spnego::{
    ClientContext, Credentials, Error, FileTime, MessageSecurity, Randomness, SealError, ServerIdentity, Target,
};

/// As long as the signature of NTLM
pub(crate) const HEADER: usize = 16;

struct Open;

pub(crate) fn context(_: &Target<'_>) -> Box<dyn ClientContext> {
    Box::new(Open)
}

impl ClientContext for Open {
    fn negotiate(&mut self) -> Result<Vec<u8>, Error> {
        Ok(b"one".to_vec())
    }

    fn challenge(&mut self, _: &[u8]) -> Result<ServerIdentity, Error> {
        Ok(ServerIdentity {
            netbios_computer: "PRAC-ERCS01".to_owned(),
            netbios_domain: "PRACTICE".to_owned(),
            dns_computer: String::new(),
            dns_domain: String::new(),
            dns_tree: String::new(),
            timestamp: FileTime(0),
        })
    }

    fn authenticate(&mut self, _: &Credentials, _: Randomness) -> Result<Vec<u8>, Error> {
        Ok(b"two".to_vec())
    }

    fn finish(&mut self, _: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error> {
        Ok(Box::new(Open))
    }
}

impl MessageSecurity for Open {
    fn seal(&mut self, _: &mut [u8]) -> Vec<u8> {
        vec![0; HEADER]
    }

    fn unseal(&mut self, _: &[u8], _: &mut [u8]) -> Result<(), SealError> {
        Ok(())
    }

    fn header_length(&self) -> usize {
        HEADER
    }
}
