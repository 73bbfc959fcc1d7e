//! Faults as Windows shapes them. Protocol notes, section 6.

use uuid::Uuid;

use crate::fault::{FaultKind, code};
use crate::names::{FAULT, FAULT_ACTION_ADDRESSING, FAULT_ACTION_WSMAN, LOCALE};
use crate::server::encode::head;
use crate::server::headers::Headers;
use crate::write::Document;

/// A fault to be sent, with HTTP status 500.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault {code}")]
pub struct ServerFault {
    /// The code of `f:WSManFault`
    pub code: u32,
    /// Local name of the SOAP code: `Sender` or `Receiver`
    pub soap_code: &'static str,
    /// The subcode with the prefix `w` (WS-Management) or `a` (WS-Addressing)
    pub subcode: &'static str,
    /// The text for people
    pub text: String,
    /// The URI of `w:FaultDetail`
    pub detail: Option<&'static str>,
}

impl ServerFault {
    /// A fault whose SOAP codes follow from its code.
    #[must_use]
    pub fn new(code: u32, text: impl Into<String>) -> Self {
        let (soap_code, subcode) = soap_codes(code);
        Self { code, soap_code, subcode, text: text.into(), detail: None }
    }

    /// The end of a Receive without data.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::new(
            code::TIMED_OUT,
            "The operation could not be completed within the time specified in OperationTimeout.",
        )
    }

    /// There is no such shell, or it is someone else's.
    #[must_use]
    pub fn not_found(text: impl Into<String>) -> Self {
        Self {
            detail: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors"),
            ..Self::new(code::NOT_FOUND, text)
        }
    }

    /// There is no such configuration.
    #[must_use]
    pub fn unknown_resource(text: impl Into<String>) -> Self {
        Self {
            detail: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI"),
            ..Self::new(code::UNKNOWN_RESOURCE, text)
        }
    }
}

fn soap_codes(number: u32) -> (&'static str, &'static str) {
    match number {
        code::HEADER_REQUIRED => return ("Sender", "a:MessageInformationHeaderRequired"),
        code::ACTION_NOT_SUPPORTED => return ("Sender", "a:ActionNotSupported"),
        code::SCHEMA => return ("Sender", "w:SchemaValidationError"),
        code::INVALID_XML => return ("Sender", "w:InvalidXml"),
        _ => {}
    }
    match FaultKind::of_code(number) {
        Some(FaultKind::TimedOut) => ("Receiver", "w:TimedOut"),
        Some(FaultKind::NotFound) => ("Sender", "w:InvalidSelectors"),
        Some(FaultKind::AccessDenied) => ("Sender", "w:AccessDenied"),
        Some(FaultKind::UnknownResource) => ("Sender", "a:DestinationUnreachable"),
        Some(FaultKind::EnvelopeTooLarge) => ("Sender", "w:EncodingLimit"),
        Some(FaultKind::Quota) => ("Receiver", "w:QuotaLimit"),
        Some(FaultKind::AlreadyExists) => ("Sender", "w:AlreadyExists"),
        Some(FaultKind::BadRequest | FaultKind::IdleTimeout) => ("Sender", "w:InvalidParameter"),
        Some(FaultKind::ReceivePending) => ("Sender", "w:Concurrency"),
        _ => ("Receiver", "w:InternalError"),
    }
}

/// Encodes a fault. `request` are the headers of the request as far as they are known.
#[must_use]
pub fn encode_fault(request: Option<&Headers>, message_id: Uuid, machine: &str, fault: &ServerFault) -> Vec<u8> {
    let mut document = Document::with_capacity(4_096);
    let action = if fault.subcode.starts_with("a:") { FAULT_ACTION_ADDRESSING } else { FAULT_ACTION_WSMAN };
    head(&mut document, &[action], request, message_id);
    document.raw("<s:Body><s:Fault><s:Code><s:Value>s:").raw(fault.soap_code).raw("</s:Value><s:Subcode><s:Value>");
    document.raw(fault.subcode).raw("</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang=\"").raw(LOCALE);
    document.raw("\">").text(&fault.text).raw("</s:Text></s:Reason><s:Detail>");
    if let Some(uri) = fault.detail {
        document.element("w:FaultDetail", uri);
    }
    document.raw("<f:WSManFault xmlns:f=\"").raw(FAULT).raw("\" Code=\"").number(fault.code.into());
    document.raw("\" Machine=\"").attribute(machine).raw("\">").element("f:Message", &fault.text);
    document.raw("</f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>");
    document.finish()
}
