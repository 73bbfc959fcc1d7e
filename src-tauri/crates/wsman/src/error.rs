//! Why an envelope cannot be read.

/// What is wrong with an envelope. The texts name places of the format, never content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// There is no body at all.
    #[error("the body is empty")]
    Empty,
    /// The XML is refused.
    #[error("{0}")]
    Xml(#[from] safe_xml::Error),
    /// The document is not a SOAP 1.2 envelope.
    #[error("not a SOAP 1.2 envelope")]
    NotSoap,
    /// Something that has to be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Something stands there twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// A value has the wrong form.
    #[error("{0} has the wrong form")]
    Invalid(&'static str),
    /// A text is longer than such a text may be.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// The body's encoding is not one that is read, or its bytes are not of it.
    #[error("the character encoding is not accepted")]
    Charset,
}
