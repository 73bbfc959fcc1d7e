//! Requests, as a client writes them.

use std::time::Duration;

use uuid::Uuid;

use crate::envelope::Writer;
use crate::operation::Operation;
use crate::{duration_text, guid_text, names};

/// What all requests of one shell share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellContext {
    /// The address as dialled, `http://host:5985/wsman`.
    pub to: String,
    /// The session configuration; the same on every operation of the shell.
    pub resource_uri: String,
    /// The client session; the same for the whole life of the shell, else it cannot be disconnected.
    pub session_id: Uuid,
    /// The largest answer that we take, in bytes.
    pub max_envelope: u32,
    /// How long the server may take for one operation.
    pub operation_timeout: Duration,
}

/// The identity of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestIds {
    /// New for every request; a repeated one keeps it.
    pub message_id: Uuid,
    /// New for every operation; a repeated one keeps it. [MS-WSMV] section 3.1.4.1.39
    pub operation_id: Uuid,
    /// The number of the request within the operation, from 1.
    pub sequence_id: u64,
    /// Marks the request as a repetition, so that the server answers from its memory instead of acting twice.
    pub retransmission: bool,
}

/// Every request says that it speaks English as in the United States: a privileged endpoint wants it.
const CULTURE: &str = "en-US";

/// The most characters in the display text of a command.
const LONGEST_TEXT: usize = 256;

/// Writes a request.
#[must_use]
pub fn encode_request(context: &ShellContext, operation: &Operation<'_>, ids: &RequestIds) -> Vec<u8> {
    if matches!(operation, Operation::Identify) {
        return identify();
    }
    let room = match operation {
        Operation::Create { creation_xml: data, .. }
        | Operation::Command { arguments: data, .. }
        | Operation::Send { data, .. }
        | Operation::Connect { connect_xml: data, .. } => data.len(),
        _ => 0,
    };
    let mut writer = Writer::new(room);
    header(&mut writer, context, operation, ids);
    writer.body();
    body(&mut writer, operation);
    writer.finish()
}

/// How many PSRP bytes fit into one Send of a server that takes envelopes of this size: base64 makes four bytes of
/// three, and the envelope around them is counted with a reserve.
#[must_use]
pub fn send_budget(context: &ShellContext, server_limit: usize) -> usize {
    let operation = Operation::Send {
        shell_id: Uuid::nil(),
        command_id: Some(Uuid::nil()),
        stream: crate::InputStream::Stdin,
        data: &[],
    };
    let ids = RequestIds { message_id: Uuid::nil(), operation_id: Uuid::nil(), sequence_id: 1, retransmission: false };
    let overhead = encode_request(context, &operation, &ids).len().saturating_add(256);
    (server_limit.saturating_sub(overhead) / 4).saturating_mul(3)
}

fn identify() -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in ["<s:Envelope xmlns:s=\"", names::SOAP, "\" xmlns:i=\"", names::IDENTITY, "\"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"] {
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn header(writer: &mut Writer, context: &ShellContext, operation: &Operation<'_>, ids: &RequestIds) {
    const MUST: (&str, &str) = ("s:mustUnderstand", "true");
    const NEED_NOT: (&str, &str) = ("s:mustUnderstand", "false");
    let resource = match operation {
        Operation::Enumerate | Operation::Pull { .. } => names::SHELL_RESOURCE,
        _ => &context.resource_uri,
    };
    writer.element("a:To", &[], &context.to);
    writer.element("w:ResourceURI", &[MUST], resource);
    writer.start("a:ReplyTo", &[]);
    writer.element("a:Address", &[MUST], names::ANONYMOUS);
    writer.end("a:ReplyTo");
    writer.element("a:Action", &[MUST], &operation.kind().action());
    writer.element("w:MaxEnvelopeSize", &[MUST], &context.max_envelope.to_string());
    writer.element("a:MessageID", &[], &format!("uuid:{}", guid_text(ids.message_id)));
    writer.start("w:Locale", &[("xml:lang", CULTURE), NEED_NOT]);
    writer.end("w:Locale");
    writer.start("p:DataLocale", &[("xml:lang", CULTURE), NEED_NOT]);
    writer.end("p:DataLocale");
    let marked = if ids.retransmission { MUST } else { NEED_NOT };
    writer.element("p:SessionId", &[NEED_NOT], &format!("uuid:{}", guid_text(context.session_id)));
    writer.element("p:OperationID", &[marked], &format!("uuid:{}", guid_text(ids.operation_id)));
    writer.element("p:SequenceId", &[marked], &ids.sequence_id.to_string());
    if let Some(shell) = operation.shell_id() {
        writer.start("w:SelectorSet", &[]);
        writer.element("w:Selector", &[("Name", "ShellId")], &guid_text(shell));
        writer.end("w:SelectorSet");
    }
    match operation {
        Operation::Create { .. } | Operation::Connect { command_id: None, .. } => {
            writer.start("w:OptionSet", &[MUST]);
            writer.element("w:Option", &[("Name", "protocolversion"), ("MustComply", "true")], "2.3");
            writer.end("w:OptionSet");
        }
        Operation::Receive { .. } => {
            writer.start("w:OptionSet", &[MUST]);
            writer.element("w:Option", &[("Name", "WSMAN_CMDSHELL_OPTION_KEEPALIVE")], "True");
            writer.end("w:OptionSet");
        }
        _ => {}
    }
    writer.element("w:OperationTimeout", &[], &duration_text(context.operation_timeout));
}

fn body(writer: &mut Writer, operation: &Operation<'_>) {
    match operation {
        Operation::Identify | Operation::Delete { .. } => {}
        Operation::Create { shell_id, name, idle_timeout, creation_xml } => {
            writer.start("rsp:Shell", &[("ShellId", &guid_text(*shell_id)), ("Name", name)]);
            if let Some(idle) = idle_timeout {
                writer.element("rsp:IdleTimeOut", &[], &duration_text(*idle));
            }
            writer.element("rsp:InputStreams", &[], "stdin pr");
            writer.element("rsp:OutputStreams", &[], "stdout");
            writer.base64("creationXml", &[("xmlns", names::POWERSHELL)], creation_xml);
            writer.end("rsp:Shell");
        }
        Operation::Command { command_id, text, arguments, .. } => {
            let text: String = text.chars().take(LONGEST_TEXT).collect();
            writer.start("rsp:CommandLine", &[("CommandId", &guid_text(*command_id))]);
            writer.element("rsp:Command", &[], &text);
            writer.base64("rsp:Arguments", &[], arguments);
            writer.end("rsp:CommandLine");
        }
        Operation::Send { command_id, stream, data, .. } => {
            let command = command_id.map(guid_text);
            let mut attributes = vec![("Name", stream.name())];
            attributes.extend(command.as_deref().map(|id| ("CommandId", id)));
            writer.start("rsp:Send", &[]);
            writer.base64("rsp:Stream", &attributes, data);
            writer.end("rsp:Send");
        }
        Operation::Receive { command_id, .. } => {
            let command = command_id.map(guid_text);
            let attributes: Vec<_> = command.as_deref().map(|id| ("CommandId", id)).into_iter().collect();
            writer.start("rsp:Receive", &[]);
            writer.element("rsp:DesiredStream", &attributes, "stdout");
            writer.end("rsp:Receive");
        }
        Operation::Signal { command_id, code, .. } => {
            writer.start("rsp:Signal", &[("CommandId", &guid_text(*command_id))]);
            writer.element("rsp:Code", &[], code.text());
            writer.end("rsp:Signal");
        }
        Operation::Disconnect { idle_timeout, .. } => {
            writer.start("rsp:Disconnect", &[]);
            if let Some(idle) = idle_timeout {
                writer.element("rsp:IdleTimeOut", &[], &duration_text(*idle));
            }
            writer.end("rsp:Disconnect");
        }
        Operation::Reconnect { .. } => {
            writer.start("rsp:Reconnect", &[]);
            writer.end("rsp:Reconnect");
        }
        Operation::Connect { command_id, connect_xml, .. } => {
            let command = command_id.map(guid_text);
            let attributes: Vec<_> = command.as_deref().map(|id| ("CommandId", id)).into_iter().collect();
            writer.start("rsp:Connect", &attributes);
            if command_id.is_none() {
                writer.base64("connectXml", &[("xmlns", names::POWERSHELL)], connect_xml);
            }
            writer.end("rsp:Connect");
        }
        Operation::Enumerate => {
            writer.start("n:Enumerate", &[("xmlns:n", names::ENUMERATION)]);
            writer.start("w:OptimizeEnumeration", &[]);
            writer.end("w:OptimizeEnumeration");
            writer.element("w:MaxElements", &[], "100");
            writer.end("n:Enumerate");
        }
        Operation::Pull { context } => {
            writer.start("n:Pull", &[("xmlns:n", names::ENUMERATION)]);
            writer.element("n:EnumerationContext", &[], context);
            writer.element("n:MaxElements", &[], "100");
            writer.end("n:Pull");
        }
    }
}
