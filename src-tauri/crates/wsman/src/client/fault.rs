//! Reading faults. Protocol notes, section 6.

use safe_xml::Start;

use crate::error::Malformed;
use crate::fault::{Fault, ProviderFault};
use crate::names::{FAULT, SOAP, WSMAN};
use crate::walk::{Walk, attribute, local_name};

/// Reads a fault whose start was just read, and the rest of the body.
pub(super) fn read(walk: &mut Walk<'_>) -> Result<Fault, Malformed> {
    let mut fault = Fault::default();
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Code") {
            code(walk, &mut fault)?;
        } else if start.is(SOAP, "Reason") {
            reason(walk, &mut fault)?;
        } else if start.is(SOAP, "Detail") {
            detail(walk, &mut fault)?;
        } else {
            walk.skip()?;
        }
    }
    while walk.child()?.is_some() {
        walk.skip()?;
    }
    Ok(fault)
}

fn code(walk: &mut Walk<'_>, fault: &mut Fault) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Value") {
            fault.soap_code = local_name(&walk.text("Value")?).to_owned();
        } else if start.is(SOAP, "Subcode") {
            subcode(walk, fault)?;
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

/// The outermost subcode is the one of the table; one inside it only says more.
fn subcode(walk: &mut Walk<'_>, fault: &mut Fault) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Value") {
            let name = walk.text("Value")?;
            fault.subcode.get_or_insert_with(|| local_name(&name).to_owned());
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

/// English where there is a choice, else the first.
fn reason(walk: &mut Walk<'_>, fault: &mut Fault) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Text") {
            let english = attribute(&start, "lang")?.is_some_and(|lang| lang.to_ascii_lowercase().starts_with("en"));
            let text = walk.deep_text(&mut |_| Ok(()))?;
            if english || fault.reason.is_empty() {
                fault.reason = text;
            }
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

fn detail(walk: &mut Walk<'_>, fault: &mut Fault) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(FAULT, "WSManFault") {
            fault.code = number(&start)?.or(fault.code);
            fault.machine = attribute(&start, "Machine")?;
            message(walk, fault)?;
        } else if start.is(WSMAN, "FaultDetail") {
            fault.detail = Some(walk.deep_text(&mut |_| Ok(()))?).filter(|text| !text.is_empty());
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

fn message(walk: &mut Walk<'_>, fault: &mut Fault) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if !start.is(FAULT, "Message") {
            walk.skip()?;
            continue;
        }
        let mut provider: Option<ProviderFault> = None;
        let text = walk.deep_text(&mut |start| {
            if start.is(FAULT, "ProviderFault") && provider.is_none() {
                provider = Some(ProviderFault {
                    provider: attribute(start, "provider")?,
                    path: attribute(start, "path")?,
                    ..ProviderFault::default()
                });
            } else if let Some(provider) = &mut provider {
                provider.code = match provider.code {
                    None if start.is(FAULT, "WSManFault") => number(start)?,
                    code => code,
                };
            }
            Ok(())
        })?;
        fault.provider = provider.map(|provider| ProviderFault { text: text.clone(), ..provider });
        fault.message = Some(text).filter(|text| !text.is_empty());
    }
    Ok(())
}

/// The code as an unsigned decimal number; anything else is none.
fn number(start: &Start<'_>) -> Result<Option<u32>, Malformed> {
    let text = attribute(start, "Code")?.unwrap_or_default();
    Ok(text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())))
}
