//! The SPNEGO envelope in DER. [MS-SPNG], RFC 4178 section 4.2

use crate::Error;
use crate::ntlm::reader::LONGEST;

/// The object identifier of SPNEGO itself.
const SPNEGO_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
/// The object identifier of NTLM.
pub(crate) const NTLM_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a];

/// The object identifier of Kerberos. RFC 4121 section 1
pub(crate) const KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// The same as Windows 2000 spelled it, and as later ones may answer. [MS-SPNG] section 3.1.5.2
pub(crate) const MS_KERBEROS_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const INIT: u8 = 0x60;
const RESPONSE: u8 = 0xa1;

/// The last context-specific constructed tag that takes one byte.
const LAST_CONTEXT: u8 = 0xbe;

/// A context-specific constructed tag.
const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// How far a negotiation is. RFC 4178 section 4.2.2
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Completed = 0,
    Incomplete = 1,
    Rejected = 2,
    RequestMic = 3,
}

/// A NegTokenInit, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Init<'a> {
    /// The list of mechanisms exactly as sent: what the mechListMIC is over.
    pub(crate) mechanisms: &'a [u8],
    /// Whether NTLM is the first mechanism, so that the token is its.
    pub(crate) ntlm_first: bool,
    /// Whether NTLM is among them.
    pub(crate) offers_ntlm: bool,
    pub(crate) token: Option<&'a [u8]>,
}

/// A NegTokenResp.
#[derive(Debug, Default)]
pub(crate) struct Response<'a> {
    pub(crate) state: Option<State>,
    pub(crate) mechanism: Option<&'a [u8]>,
    pub(crate) token: Option<&'a [u8]>,
    pub(crate) mic: Option<&'a [u8]>,
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let all = length.to_be_bytes();
            let digits: Vec<u8> = all.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            bytes.extend(digits);
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The list of mechanisms that we offer with NTLM: it alone.
pub(crate) fn mechanisms() -> Vec<u8> {
    element(SEQUENCE, &[&element(OID, &[NTLM_OID])])
}

/// The list of mechanisms that we offer with Kerberos: it alone.
pub(crate) fn kerberos_mechanisms() -> Vec<u8> {
    element(SEQUENCE, &[&element(OID, &[KERBEROS_OID])])
}

pub(crate) fn write_init(mechanisms: &[u8], token: &[u8]) -> Vec<u8> {
    let list = element(context(0), &[mechanisms]);
    let token = element(context(2), &[&element(OCTETS, &[token])]);
    let body = element(context(0), &[&element(SEQUENCE, &[&list, &token])]);
    element(INIT, &[&element(OID, &[SPNEGO_OID]), &body])
}

pub(crate) fn write_response(response: &Response<'_>) -> Vec<u8> {
    let mut parts = Vec::new();
    if let Some(state) = response.state {
        parts.push(element(context(0), &[&element(ENUMERATED, &[&[state as u8]])]));
    }
    if let Some(mechanism) = response.mechanism {
        parts.push(element(context(1), &[&element(OID, &[mechanism])]));
    }
    if let Some(token) = response.token {
        parts.push(element(context(2), &[&element(OCTETS, &[token])]));
    }
    if let Some(mic) = response.mic {
        parts.push(element(context(3), &[&element(OCTETS, &[mic])]));
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    element(RESPONSE, &[&element(SEQUENCE, &parts)])
}

const BAD: Error = Error::Malformed("SPNEGO token");

/// Takes one element off the front: tag, content, rest.
fn take(bytes: &[u8]) -> Result<(u8, &[u8], &[u8]), Error> {
    let (tag, rest) = bytes.split_first().ok_or(BAD)?;
    let (first, rest) = rest.split_first().ok_or(BAD)?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(*first & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(BAD);
        }
        let (digits, rest) = rest.split_at_checked(count).ok_or(BAD)?;
        (digits.iter().fold(0_usize, |sum, digit| sum.wrapping_shl(8) | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length).ok_or(BAD)?;
    Ok((*tag, content, rest))
}

/// The content of the one element that these bytes are.
fn only(bytes: &[u8], tag: u8) -> Result<&[u8], Error> {
    match take(bytes)? {
        (found, content, []) if found == tag => Ok(content),
        _ => Err(BAD),
    }
}

/// The fields of a sequence, each with its number: they come in ascending order and none comes twice.
fn fields<'a>(mut rest: &'a [u8], mut each: impl FnMut(u8, &'a [u8]) -> Result<(), Error>) -> Result<(), Error> {
    let mut least = context(0);
    while !rest.is_empty() {
        let (tag, content, after) = take(rest)?;
        if !(least..=LAST_CONTEXT).contains(&tag) {
            return Err(BAD);
        }
        least = tag.saturating_add(1);
        each(tag & 0x1f, content)?;
        rest = after;
    }
    Ok(())
}

pub(crate) fn read_init(token: &[u8]) -> Result<Init<'_>, Error> {
    if token.len() > LONGEST {
        return Err(BAD);
    }
    let body = only(token, INIT)?;
    let (tag, oid, rest) = take(body)?;
    if tag != OID || oid != SPNEGO_OID {
        return Err(BAD);
    }
    let body = only(only(rest, context(0))?, SEQUENCE)?;
    let mut init = Init { mechanisms: &[], ntlm_first: false, offers_ntlm: false, token: None };
    fields(body, |number, content| {
        match number {
            0 => {
                init.mechanisms = content;
                let mut list = only(content, SEQUENCE)?;
                let mut first = true;
                while !list.is_empty() {
                    let (tag, oid, after) = take(list)?;
                    if tag != OID {
                        return Err(BAD);
                    }
                    init.offers_ntlm |= oid == NTLM_OID;
                    init.ntlm_first |= first && oid == NTLM_OID;
                    first = false;
                    list = after;
                }
            }
            2 => init.token = Some(only(content, OCTETS)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(init)
}

pub(crate) fn read_response(token: &[u8]) -> Result<Response<'_>, Error> {
    if token.len() > LONGEST {
        return Err(BAD);
    }
    let body = only(only(token, RESPONSE)?, SEQUENCE)?;
    let mut response = Response::default();
    fields(body, |number, content| {
        match number {
            0 => {
                response.state = Some(match only(content, ENUMERATED)? {
                    [0] => State::Completed,
                    [1] => State::Incomplete,
                    [2] => State::Rejected,
                    [3] => State::RequestMic,
                    _ => return Err(BAD),
                });
            }
            1 => response.mechanism = Some(only(content, OID)?),
            2 => response.token = Some(only(content, OCTETS)?),
            3 => response.mic = Some(only(content, OCTETS)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(response)
}
