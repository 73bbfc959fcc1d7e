//! The key blobs of the exchange: CAPI structures with numbers in little-endian order.

use super::KeyError;

/// Length of a public key blob in bytes.
pub const PUBLIC_KEY_LENGTH: usize = 276;

/// Length of an encrypted session key blob in bytes.
pub const ENCRYPTED_KEY_LENGTH: usize = 268;

// PUBLICKEYBLOB, version 2, CALG_RSA_KEYX, "RSA1", 2048 bits, exponent 65537
const PUBLIC_HEADER: [u8; 20] = [
    0x06, 0x02, 0x00, 0x00, 0x00, 0xA4, 0x00, 0x00, b'R', b'S', b'A', b'1', 0x00, 0x08, 0x00, 0x00, 0x01, 0x00, 0x01,
    0x00,
];

// SIMPLEBLOB, version 2, CALG_AES_256, encrypted with CALG_RSA_KEYX
const SIMPLE_HEADER: [u8; 12] = [0x01, 0x02, 0x00, 0x00, 0x10, 0x66, 0x00, 0x00, 0x00, 0xA4, 0x00, 0x00];

/// The blob of a public key with this modulus (big-endian) and the exponent 65537.
#[must_use]
pub fn public_key_blob(modulus: &[u8; 256]) -> Vec<u8> {
    PUBLIC_HEADER.iter().chain(modulus.iter().rev()).copied().collect()
}

/// The modulus, big-endian, of a public key blob.
///
/// # Errors
/// When the blob is not that of an RSA-2048 key with the exponent 65537.
pub fn modulus_from_blob(blob: &[u8]) -> Result<[u8; 256], KeyError> {
    reversed(blob.strip_prefix(&PUBLIC_HEADER))
}

/// The blob of an encrypted session key; `ciphertext` is big-endian.
#[must_use]
pub fn encrypted_key_blob(ciphertext: &[u8; 256]) -> Vec<u8> {
    SIMPLE_HEADER.iter().chain(ciphertext.iter().rev()).copied().collect()
}

/// The ciphertext, big-endian, of an encrypted session key blob.
///
/// # Errors
/// When the blob is of another kind or length.
pub fn encrypted_key_from_blob(blob: &[u8]) -> Result<[u8; 256], KeyError> {
    reversed(blob.strip_prefix(&SIMPLE_HEADER))
}

fn reversed(number: Option<&[u8]>) -> Result<[u8; 256], KeyError> {
    let mut number = <[u8; 256]>::try_from(number.ok_or(KeyError)?).map_err(|_| KeyError)?;
    number.reverse();
    Ok(number)
}
