//! Requests as PowerShell's own client writes them. Protocol notes, section 5.

use std::time::Duration;

use uuid::Uuid;

use crate::duration;
use crate::names::{
    ADDRESSING, ANONYMOUS, ENUMERATION, IDENTITY, LOCALE, OPTION_KEEP_ALIVE, OPTION_PROTOCOL_VERSION, POWERSHELL,
    PROTOCOL_VERSION, SELECTOR_FILTER, SELECTOR_SHELL_ID, SHELL, SHELL_COMMANDS, SOAP, STDOUT, WSMAN, WSMAN_MS,
};
use crate::operation::{Enumeration, Operation};
use crate::write::{Document, base64_length};

/// The most characters of a command's text that a server keeps.
const COMMAND_TEXT: usize = 256;
/// Elements of a list that one answer may hold.
const LIST_ELEMENTS: u64 = 32_000;
/// More than any envelope without data takes, to allocate once.
const ENVELOPE: usize = 3_072;

/// What all requests of a shell have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellContext {
    /// The address as dialled, `http://host:5985/wsman`
    pub to: String,
    /// The configuration, the same on every operation of the shell
    pub resource_uri: String,
    /// The session: with another one for every request a shell counts as an old client's and cannot be disconnected
    pub session_id: Uuid,
    /// How large answers may be, in bytes
    pub max_envelope: u32,
}

impl ShellContext {
    /// The size of answers that PowerShell asks for.
    pub const MAX_ENVELOPE: u32 = 512_000;

    /// A context for the configuration with this name.
    #[must_use]
    pub fn new(to: impl Into<String>, configuration: &str, session_id: Uuid) -> Self {
        Self {
            to: to.into(),
            resource_uri: [crate::names::CONFIGURATION_PREFIX, configuration].concat(),
            session_id,
            max_envelope: Self::MAX_ENVELOPE,
        }
    }
}

/// What tells one request from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestIds {
    /// Of this message; the answer relates to it
    pub message_id: Uuid,
    /// Of the operation, for the server to know a retransmission
    pub operation_id: Uuid,
    /// Number of the message in the operation, from 1
    pub sequence_id: u64,
    /// Whether the server may have seen this operation. The repetition is a message of its own, with its own id.
    pub retransmission: bool,
}

impl RequestIds {
    /// The ids of the first try.
    #[must_use]
    pub const fn new(message_id: Uuid, operation_id: Uuid) -> Self {
        Self { message_id, operation_id, sequence_id: 1, retransmission: false }
    }

    /// The same ids, marked as seen before.
    #[must_use]
    pub const fn again(self) -> Self {
        Self { retransmission: true, ..self }
    }
}

/// Encodes a request. `timeout` is how long the server may work on it.
#[must_use]
pub fn encode_request(
    context: &ShellContext,
    operation: &Operation<'_>,
    ids: &RequestIds,
    timeout: Duration,
) -> Vec<u8> {
    let data = base64_length(operation.data().len());
    let text = context.to.len().saturating_add(context.resource_uri.len());
    let mut document = Document::with_capacity(ENVELOPE.saturating_add(text).saturating_add(data));
    if matches!(operation, Operation::Identify) {
        identify(&mut document);
        return document.finish();
    }
    document
        .raw("<s:Envelope xmlns:s=\"")
        .raw(SOAP)
        .raw("\" xmlns:a=\"")
        .raw(ADDRESSING)
        .raw("\" xmlns:w=\"")
        .raw(WSMAN)
        .raw("\" xmlns:p=\"")
        .raw(WSMAN_MS)
        .raw("\"><s:Header>");
    headers(&mut document, context, operation, ids, timeout);
    document.raw("</s:Header><s:Body>");
    body(&mut document, operation);
    document.raw("</s:Body></s:Envelope>");
    document.finish()
}

fn identify(document: &mut Document) {
    document
        .raw("<s:Envelope xmlns:s=\"")
        .raw(SOAP)
        .raw("\" xmlns:wsmid=\"")
        .raw(IDENTITY)
        .raw("\"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>");
}

fn headers(
    document: &mut Document,
    context: &ShellContext,
    operation: &Operation<'_>,
    ids: &RequestIds,
    timeout: Duration,
) {
    document.element("a:To", &context.to);
    document.raw("<w:ResourceURI s:mustUnderstand=\"true\">").text(resource_uri(context, operation));
    document.raw("</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand=\"true\">").raw(ANONYMOUS);
    document.raw("</a:Address></a:ReplyTo><a:Action s:mustUnderstand=\"true\">").raw(operation.kind().action());
    document.raw("</a:Action><w:MaxEnvelopeSize s:mustUnderstand=\"true\">").number(context.max_envelope.into());
    document.raw("</w:MaxEnvelopeSize><a:MessageID>uuid:").guid(ids.message_id).raw("</a:MessageID>");
    for name in ["w:Locale", "p:DataLocale"] {
        document.raw("<").raw(name).raw(" xml:lang=\"").raw(LOCALE).raw("\" s:mustUnderstand=\"false\"/>");
    }
    document.raw("<p:SessionId s:mustUnderstand=\"false\">uuid:").guid(context.session_id).raw("</p:SessionId>");
    let mark = if ids.retransmission { "true" } else { "false" };
    document.raw("<p:OperationID s:mustUnderstand=\"").raw(mark).raw("\">uuid:").guid(ids.operation_id);
    document.raw("</p:OperationID><p:SequenceId s:mustUnderstand=\"").raw(mark).raw("\">").number(ids.sequence_id);
    document.raw("</p:SequenceId>");
    options(document, operation);
    if let Some(shell_id) = operation.shell_id() {
        selectors(document, shell_id);
    }
    document.element("w:OperationTimeout", &duration::to_text(timeout));
}

/// Lists and single shells are asked for under the general resource, everything else under the shell's own.
fn resource_uri<'a>(context: &'a ShellContext, operation: &Operation<'_>) -> &'a str {
    match operation {
        Operation::Get { .. }
        | Operation::Enumerate(Enumeration::Shells)
        | Operation::Pull { of: Enumeration::Shells, .. } => SHELL,
        Operation::Enumerate(Enumeration::Commands { .. })
        | Operation::Pull { of: Enumeration::Commands { .. }, .. } => SHELL_COMMANDS,
        _ => &context.resource_uri,
    }
}

fn options(document: &mut Document, operation: &Operation<'_>) {
    match operation {
        Operation::Create { .. } | Operation::Connect { .. } => {
            document.raw("<w:OptionSet s:mustUnderstand=\"true\"><w:Option Name=\"").raw(OPTION_PROTOCOL_VERSION);
            document.raw("\" MustComply=\"true\">").raw(PROTOCOL_VERSION).raw("</w:Option></w:OptionSet>");
        }
        Operation::Receive { .. } => {
            document.raw("<w:OptionSet><w:Option Name=\"").raw(OPTION_KEEP_ALIVE);
            document.raw("\">True</w:Option></w:OptionSet>");
        }
        _ => {}
    }
}

fn selectors(document: &mut Document, shell_id: Uuid) {
    document.raw("<w:SelectorSet><w:Selector Name=\"").raw(SELECTOR_SHELL_ID).raw("\">").guid(shell_id);
    document.raw("</w:Selector></w:SelectorSet>");
}

fn body(document: &mut Document, operation: &Operation<'_>) {
    match *operation {
        Operation::Identify | Operation::Delete { .. } | Operation::Get { .. } => {}
        Operation::Create { shell_id, name, creation_xml, idle_timeout } => {
            open(document, "Shell", "ShellId", Some(shell_id));
            if let Some(name) = name {
                document.raw(" Name=\"").attribute(name).raw("\"");
            }
            document.raw("><rsp:InputStreams>stdin pr</rsp:InputStreams>");
            document.raw("<rsp:OutputStreams>").raw(STDOUT).raw("</rsp:OutputStreams>");
            idle(document, idle_timeout);
            fragments(document, "creationXml", creation_xml);
            document.raw("</rsp:Shell>");
        }
        Operation::Command { command_id, text, arguments, .. } => {
            open(document, "CommandLine", "CommandId", Some(command_id));
            let end = text.char_indices().nth(COMMAND_TEXT).map_or(text.len(), |(at, _)| at);
            document.raw("><rsp:Command>").text(text.get(..end).unwrap_or_default());
            document.raw("</rsp:Command><rsp:Arguments>").base64(arguments).raw("</rsp:Arguments></rsp:CommandLine>");
        }
        Operation::Send { command_id, stream, data, .. } => {
            open(document, "Send", "", None);
            document.raw("><rsp:Stream Name=\"").raw(stream.name()).raw("\"");
            id_attribute(document, "CommandId", command_id);
            document.raw(">").base64(data).raw("</rsp:Stream></rsp:Send>");
        }
        Operation::Receive { command_id, .. } => {
            open(document, "Receive", "", None);
            document.raw("><rsp:DesiredStream");
            id_attribute(document, "CommandId", command_id);
            document.raw(">").raw(STDOUT).raw("</rsp:DesiredStream></rsp:Receive>");
        }
        Operation::Signal { command_id, code, .. } => {
            open(document, "Signal", "CommandId", Some(command_id));
            document.raw("><rsp:Code>").raw(code.uri()).raw("</rsp:Code></rsp:Signal>");
        }
        Operation::Disconnect { idle_timeout, buffer_mode, .. } => {
            open(document, "Disconnect", "", None);
            document.raw(">");
            idle(document, idle_timeout);
            if let Some(mode) = buffer_mode {
                document.element("rsp:BufferMode", mode.name());
            }
            document.raw("</rsp:Disconnect>");
        }
        Operation::Reconnect { command_id, .. } => {
            open(document, "Reconnect", "CommandId", command_id);
            document.raw("/>");
        }
        Operation::Connect { connect_xml, .. } => {
            open(document, "Connect", "", None);
            document.raw(">");
            fragments(document, "connectXml", connect_xml);
            document.raw("</rsp:Connect>");
        }
        Operation::ConnectCommand { command_id, .. } => {
            open(document, "Connect", "CommandId", Some(command_id));
            document.raw("/>");
        }
        Operation::Enumerate(of) => {
            document.raw("<wsen:Enumerate xmlns:wsen=\"").raw(ENUMERATION).raw("\"><w:OptimizeEnumeration/>");
            document.raw("<w:MaxElements>").number(LIST_ELEMENTS).raw("</w:MaxElements>");
            if let Enumeration::Commands { shell_id } = of {
                document.raw("<w:Filter Dialect=\"").raw(SELECTOR_FILTER).raw("\">");
                selectors(document, shell_id);
                document.raw("</w:Filter>");
            }
            document.raw("</wsen:Enumerate>");
        }
        Operation::Pull { context, .. } => {
            document.raw("<wsen:Pull xmlns:wsen=\"").raw(ENUMERATION).raw("\">");
            document.element("wsen:EnumerationContext", context);
            document.raw("<wsen:MaxElements>").number(LIST_ELEMENTS).raw("</wsen:MaxElements></wsen:Pull>");
        }
    }
}

/// The start of the body's element, its tag still open.
fn open(document: &mut Document, name: &str, attribute: &str, id: Option<Uuid>) {
    document.raw("<rsp:").raw(name).raw(" xmlns:rsp=\"").raw(SHELL).raw("\"");
    id_attribute(document, attribute, id);
}

fn id_attribute(document: &mut Document, name: &str, id: Option<Uuid>) {
    if let Some(id) = id {
        document.raw(" ").raw(name).raw("=\"").guid(id).raw("\"");
    }
}

fn idle(document: &mut Document, timeout: Option<Duration>) {
    if let Some(timeout) = timeout {
        document.element("rsp:IdleTimeOut", &duration::to_text(timeout));
    }
}

fn fragments(document: &mut Document, name: &str, data: &[u8]) {
    document.raw("<").raw(name).raw(" xmlns=\"").raw(POWERSHELL).raw("\">").base64(data);
    document.raw("</").raw(name).raw(">");
}
