//! The headers of a request.

use std::time::Duration;

use crate::duration;
use crate::error::Malformed;
use crate::names::{ADDRESSING, SELECTOR_SHELL_ID, WSMAN, WSMAN_MS};
use crate::walk::{Walk, attribute, flag, once};

/// The headers of a request as they came. Ids are texts: a server compares them byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// `a:To`
    pub to: Option<String>,
    /// `w:ResourceURI`
    pub resource_uri: Option<String>,
    /// The address in `a:ReplyTo`
    pub reply_to: Option<String>,
    /// `a:Action`
    pub action: Option<String>,
    /// `a:MessageID`, with its scheme
    pub message_id: Option<String>,
    /// `w:MaxEnvelopeSize` in bytes
    pub max_envelope: Option<u32>,
    /// `w:OperationTimeout`
    pub operation_timeout: Option<Duration>,
    /// The language of `w:Locale`
    pub locale: Option<String>,
    /// The language of `p:DataLocale`
    pub data_locale: Option<String>,
    /// `p:SessionId`, with its scheme
    pub session_id: Option<String>,
    /// `p:OperationID`, with its scheme
    pub operation_id: Option<String>,
    /// `p:SequenceId`
    pub sequence_id: Option<u64>,
    /// Whether the client says that it may have sent this before: `p:OperationID` has to be understood
    pub retransmission: bool,
    /// `w:OptionSet`
    pub options: Vec<HeaderOption>,
    /// `w:SelectorSet`
    pub selectors: Vec<Selector>,
    /// Names of other headers that the client wants understood
    pub not_understood: Vec<String>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderOption {
    /// The name
    pub name: String,
    /// The value
    pub value: String,
    /// Whether the request has to fail when the option is not known
    pub must_comply: bool,
}

/// A selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The name
    pub name: String,
    /// The value
    pub value: String,
}

impl Headers {
    /// The value of the option with this name; option names have no case.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|option| option.name.eq_ignore_ascii_case(name)).map(|option| option.value.as_str())
    }

    /// The shell that the selector names, as the client writes it.
    #[must_use]
    pub fn shell_id(&self) -> Option<&str> {
        shell_id(&self.selectors)
    }

    pub(super) fn read(walk: &mut Walk<'_>) -> Result<Self, Malformed> {
        let mut headers = Self::default();
        while let Some(start) = walk.child()? {
            let must_understand = flag(&start, "mustUnderstand")?;
            match (start.namespace(), start.name()) {
                (Some(ADDRESSING), "To") => text(walk, &mut headers.to, "To")?,
                (Some(ADDRESSING), "Action") => text(walk, &mut headers.action, "Action")?,
                (Some(ADDRESSING), "MessageID") => text(walk, &mut headers.message_id, "MessageID")?,
                (Some(ADDRESSING), "ReplyTo") => {
                    while let Some(start) = walk.child()? {
                        if start.is(ADDRESSING, "Address") {
                            text(walk, &mut headers.reply_to, "ReplyTo")?;
                        } else {
                            walk.skip()?;
                        }
                    }
                }
                (Some(WSMAN), "ResourceURI") => text(walk, &mut headers.resource_uri, "ResourceURI")?,
                (Some(WSMAN), "MaxEnvelopeSize") => {
                    let size = walk.text("MaxEnvelopeSize")?.parse();
                    let size = size.map_err(|_| Malformed::Invalid("MaxEnvelopeSize"))?;
                    once(&mut headers.max_envelope, size, "MaxEnvelopeSize")?;
                }
                (Some(WSMAN), "OperationTimeout") => {
                    let timeout = duration::parse(&walk.text("OperationTimeout")?);
                    let timeout = timeout.ok_or(Malformed::Invalid("OperationTimeout"))?;
                    once(&mut headers.operation_timeout, timeout, "OperationTimeout")?;
                }
                (Some(WSMAN), "Locale") => {
                    once(&mut headers.locale, attribute(&start, "lang")?.unwrap_or_default(), "Locale")?;
                    walk.skip()?;
                }
                (Some(WSMAN_MS), "DataLocale") => {
                    once(&mut headers.data_locale, attribute(&start, "lang")?.unwrap_or_default(), "DataLocale")?;
                    walk.skip()?;
                }
                (Some(WSMAN_MS), "SessionId") => text(walk, &mut headers.session_id, "SessionId")?,
                (Some(WSMAN_MS), "OperationID") => {
                    headers.retransmission = must_understand;
                    text(walk, &mut headers.operation_id, "OperationID")?;
                }
                (Some(WSMAN_MS), "SequenceId") => {
                    let number = walk.text("SequenceId")?.parse().map_err(|_| Malformed::Invalid("SequenceId"))?;
                    once(&mut headers.sequence_id, number, "SequenceId")?;
                }
                (Some(WSMAN), "OptionSet") => options(walk, &mut headers.options)?,
                (Some(WSMAN), "SelectorSet") => selectors(walk, &mut headers.selectors)?,
                (_, name) => {
                    if must_understand {
                        headers.not_understood.push(name.to_owned());
                    }
                    walk.skip()?;
                }
            }
        }
        Ok(headers)
    }
}

pub(super) fn shell_id(selectors: &[Selector]) -> Option<&str> {
    let mut all = selectors.iter();
    all.find(|selector| selector.name.eq_ignore_ascii_case(SELECTOR_SHELL_ID)).map(|selector| selector.value.as_str())
}

fn text(walk: &mut Walk<'_>, slot: &mut Option<String>, what: &'static str) -> Result<(), Malformed> {
    once(slot, walk.text(what)?, what)
}

fn options(walk: &mut Walk<'_>, options: &mut Vec<HeaderOption>) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(WSMAN, "Option") {
            let name = attribute(&start, "Name")?.ok_or(Malformed::Missing("Name of an Option"))?;
            let must_comply = flag(&start, "MustComply")?;
            options.push(HeaderOption { name, value: walk.text("Option")?, must_comply });
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

pub(super) fn selectors(walk: &mut Walk<'_>, selectors: &mut Vec<Selector>) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(WSMAN, "Selector") {
            let name = attribute(&start, "Name")?.ok_or(Malformed::Missing("Name of a Selector"))?;
            selectors.push(Selector { name, value: walk.text("Selector")? });
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}
