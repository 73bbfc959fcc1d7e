//! The recorded private keys.

use psrp::KeyError;
use psrp::keys::{KeySource, PrivateKey, RsaPrivateKey};
use serde_json::Value as Json;

/// Gives the recorded key once.
pub(crate) struct Recorded(Option<Vec<u8>>);

impl Recorded {
    pub(crate) fn of(keys: &Json) -> Self {
        Self(keys["client_rsa"].is_object().then(|| pkcs8(&keys["client_rsa"])))
    }
}

impl KeySource for Recorded {
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError> {
        let der = self.0.take().ok_or(KeyError)?;
        Ok(Box::new(RsaPrivateKey::from_pkcs8(&der)?))
    }
}

/// PKCS#8 around the numbers of the key.
fn pkcs8(key: &Json) -> Vec<u8> {
    let mut numbers = vec![0x02, 0x01, 0x00];
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qinv"] {
        numbers.extend(integer(&hex(key[name].as_str().unwrap())));
    }
    let algorithm = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    let mut info = vec![0x02, 0x01, 0x00];
    info.extend(algorithm);
    info.extend(element(0x04, &element(0x30, &numbers)));
    element(0x30, &info)
}

fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().take_while(|byte| **byte == 0).count();
    let mut content = vec![0];
    content.extend(&number[start..]);
    if content.get(1).is_some_and(|byte| byte & 0x80 == 0) {
        content.remove(0);
    }
    element(0x02, &content)
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap());
    } else {
        let bytes = length.to_be_bytes();
        let start = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | u8::try_from(bytes.len() - start).unwrap());
        out.extend(&bytes[start..]);
    }
    out.extend(content);
    out
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    (0..padded.len()).step_by(2).map(|at| u8::from_str_radix(&padded[at..at + 2], 16).unwrap()).collect()
}
