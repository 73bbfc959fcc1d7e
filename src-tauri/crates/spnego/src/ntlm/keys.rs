//! The keys of NTLMv2. [MS-NLMP] sections 3.3.2 and 3.4.5

use hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::{Digest, Md5};
use rc4::{Rc4, StreamCipher};
use zeroize::Zeroizing;

/// A key of 128 bits that is wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; 16]>;

/// HMAC-MD5 over these parts, one after the other.
pub(crate) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Key {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return Key::default() };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// MD5 over these parts.
pub(crate) fn md5(parts: &[&[u8]]) -> Key {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}

/// RC4 with a key used once.
pub(crate) fn rc4_once(key: &[u8; 16], data: &[u8; 16]) -> Key {
    let mut out = Zeroizing::new(*data);
    key_stream(key).apply_keystream(out.as_mut_slice());
    out
}

/// The RC4 key stream of a key of 128 bits.
pub(crate) fn key_stream(key: &[u8; 16]) -> Rc4 {
    // Sixteen bytes are within what RC4 takes, so the other arm is never taken.
    Rc4::new_from_slice(key).unwrap_or_else(|_| Rc4::new(&Default::default()))
}

/// The key that a password and an account make. The user name is upper-cased, the domain is taken as typed.
pub(crate) fn ntowf_v2(user: &str, domain: &str, password: &str) -> Key {
    let password = Zeroizing::new(super::utf16(password));
    let hash: Key = Zeroizing::new(Md4::digest(password.as_slice()).into());
    let mut account = super::utf16(&upper_case(user));
    account.extend_from_slice(&super::utf16(domain));
    hmac_md5(hash.as_slice(), &[&account])
}

/// Upper case by Unicode's simple mapping, as Windows does it: one character stays one, so ß stays ß. The dotless ı
/// stays as well, Windows maps no character outside ASCII to one inside.
pub(crate) fn upper_case(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut upper = character.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) if one.is_ascii() == character.is_ascii() => one,
                _ => with_iota(character).unwrap_or(character),
            }
        })
        .collect()
}

/// Greek letters with an iota below: the full mapping makes two characters of them, the simple one makes one.
fn with_iota(character: char) -> Option<char> {
    let distance = match u32::from(character) {
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => 9,
        _ => return None,
    };
    char::from_u32(u32::from(character).checked_add(distance)?)
}

/// The proof over a server's challenge and our part of the response, and the key that both sides know then.
pub(crate) struct Response {
    /// Proof and our part: the NT response field.
    pub(crate) nt: Vec<u8>,
    /// The session base key.
    pub(crate) base: Key,
}

/// `temp` is our part of the response: version, time, challenge, pairs.
pub(crate) fn response(key: &Key, server_challenge: [u8; 8], temp: &[u8]) -> Response {
    let proof = hmac_md5(key.as_slice(), &[&server_challenge, temp]);
    let base = hmac_md5(key.as_slice(), &[proof.as_slice()]);
    let mut nt = proof.to_vec();
    nt.extend_from_slice(temp);
    Response { nt, base }
}

/// Our part of the response. [MS-NLMP] section 2.2.2.7
pub(crate) fn temp(time: u64, client_challenge: [u8; 8], pairs: &[u8]) -> Vec<u8> {
    let mut temp = Vec::with_capacity(pairs.len().saturating_add(32));
    temp.extend_from_slice(&[1, 1, 0, 0, 0, 0, 0, 0]);
    temp.extend_from_slice(&time.to_le_bytes());
    temp.extend_from_slice(&client_challenge);
    temp.extend_from_slice(&[0; 4]);
    temp.extend_from_slice(pairs);
    temp.extend_from_slice(&[0; 4]);
    temp
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_worked_example_of_the_specification() {
        // [MS-NLMP] section 4.2.4
        let key = ntowf_v2("User", "Domain", "Password");
        assert_eq!(hex(key.as_slice()), "0c868a403bfd7a93a3001ef22ef02e3f");
        let mut pairs = super::super::pairs::Pairs::default();
        pairs.set(2, super::super::utf16("Domain"));
        pairs.set(1, super::super::utf16("Server"));
        let temp = temp(0, [0xaa; 8], &pairs.to_bytes().unwrap());
        let response = response(&key, [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef], &temp);
        assert_eq!(hex(&response.nt[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
        assert_eq!(hex(response.base.as_slice()), "8de40ccadbc14a82f15cb0ad0de95ca3");
        assert_eq!(hex(rc4_once(&response.base, &[0x55; 16]).as_slice()), "c5dad2544fc9799094ce1ce90bc9d03e");
    }

    #[test]
    fn user_names_are_upper_cased_one_character_for_one() {
        assert_eq!(upper_case("straße"), "STRAßE");
        assert_eq!(upper_case("ıé"), "ıÉ");
        assert_eq!(upper_case("cloudadmin"), "CLOUDADMIN");
        assert_eq!(upper_case("ﬁǆŉᾳᾀ\u{10428}"), "ﬁǄŉᾼᾈ\u{10400}");
    }

    #[test]
    fn only_the_user_is_upper_cased_and_the_domain_is_taken_as_typed() {
        let key = ntowf_v2("Élan", "Contoso", "p");
        assert_eq!(key, ntowf_v2("élan", "Contoso", "p"));
        assert_ne!(key, ntowf_v2("élan", "CONTOSO", "p"));
        assert_ne!(ntowf_v2("u", "", ""), ntowf_v2("u", "", "p"), "an empty password is a password");
    }
}
