//! Answers as Windows shapes them.

use uuid::Uuid;

use crate::client::response::Identity;
use crate::duration;
use crate::kind::OperationKind;
use crate::names::{
    ADDRESSING, ANONYMOUS, ENUMERATION, IDENTITY, LOCALE, POWERSHELL, SELECTOR_SHELL_ID, SHELL, SOAP, STDOUT, TRANSFER,
    WSMAN, WSMAN_MS,
};
use crate::server::headers::Headers;
use crate::shell::{CommandInfo, CommandStateKind, ShellInfo};
use crate::write::{Document, base64_length};

/// Room that an answer to Receive takes besides its streams, in bytes.
const RECEIVE_ENVELOPE: usize = 1_600;
/// Room that one Stream element takes besides its base64, in bytes.
const STREAM_ELEMENT: usize = 96;

/// What an answer says. The operation follows from the request.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// To Identify.
    Identity(&'a Identity),
    /// To Create: the shell's values as granted.
    Created(&'a ShellInfo),
    /// To Command.
    Command {
        /// The id of the command
        command_id: &'a str,
    },
    /// To Send, Signal, Disconnect, Reconnect and Delete.
    Acknowledged,
    /// To Receive.
    Received {
        /// The pieces in their order
        streams: &'a [OutputData<'a>],
        /// How far the command is: its id and state
        state: Option<(&'a str, &'a CommandStateKind)>,
    },
    /// To Connect.
    Connected {
        /// Fragments; `None` when a command was connected
        response_xml: Option<&'a [u8]>,
    },
    /// To Get.
    Shell(&'a ShellInfo),
    /// To Enumerate or Pull of shells.
    Shells(&'a [ShellInfo]),
    /// To Enumerate or Pull of commands.
    Commands(&'a [CommandInfo]),
}

/// A piece of the output stream.
#[derive(Debug, Clone, Copy)]
pub struct OutputData<'a> {
    /// The command, or `None` for the pool
    pub command_id: Option<&'a str>,
    /// The bytes, best exactly one fragment
    pub data: &'a [u8],
}

/// Encodes the answer to the request with these headers. `message_id` is new for every answer.
#[must_use]
pub fn encode_response(request: &Headers, message_id: Uuid, answer: &Answer<'_>) -> Vec<u8> {
    if let Answer::Identity(identity) = answer {
        return encode_identity(identity);
    }
    let mut document = Document::with_capacity(capacity(answer));
    let action = request.action.as_deref().unwrap_or_default();
    head(&mut document, &[action, "Response"], Some(request), message_id);
    document.raw("<s:Body>");
    body(&mut document, request, answer);
    document.raw("</s:Body></s:Envelope>");
    document.finish()
}

/// Bytes of PSRP that fit into an answer to Receive, for so many pieces, when the client takes `max_envelope` bytes.
#[must_use]
pub fn receive_budget(max_envelope: u32, pieces: usize) -> usize {
    let taken = pieces.saturating_mul(STREAM_ELEMENT).saturating_add(RECEIVE_ENVELOPE);
    let free = usize::try_from(max_envelope).unwrap_or(usize::MAX).saturating_sub(taken);
    free.checked_div(4).unwrap_or_default().saturating_sub(pieces).saturating_mul(3)
}

fn capacity(answer: &Answer<'_>) -> usize {
    let data = match answer {
        Answer::Received { streams, .. } => {
            let one = |stream: &OutputData<'_>| base64_length(stream.data.len()).saturating_add(STREAM_ELEMENT);
            streams.iter().map(one).fold(0, usize::saturating_add)
        }
        Answer::Connected { response_xml: Some(xml) } => base64_length(xml.len()),
        _ => 0,
    };
    data.saturating_add(2_048)
}

/// The start of an answer up to the end of its headers.
pub(super) fn head(document: &mut Document, action: &[&str], request: Option<&Headers>, message_id: Uuid) {
    document.raw("<s:Envelope xml:lang=\"").raw(LOCALE).raw("\"");
    for (prefix, namespace) in
        [("s", SOAP), ("a", ADDRESSING), ("x", TRANSFER), ("w", WSMAN), ("rsp", SHELL), ("p", WSMAN_MS)]
    {
        document.raw(" xmlns:").raw(prefix).raw("=\"").raw(namespace).raw("\"");
    }
    document.raw("><s:Header><a:Action>");
    for part in action {
        document.text(part);
    }
    document.raw("</a:Action><a:MessageID>uuid:").guid(message_id).raw("</a:MessageID>");
    if let Some(id) = request.and_then(|request| request.operation_id.as_deref()) {
        document.raw("<p:OperationID s:mustUnderstand=\"false\">").text(id).raw("</p:OperationID><p:SequenceId>");
        document.number(request.and_then(|request| request.sequence_id).unwrap_or(1)).raw("</p:SequenceId>");
    }
    document.raw("<a:To>").raw(ANONYMOUS).raw("</a:To>");
    if let Some(id) = request.and_then(|request| request.message_id.as_deref()) {
        document.element("a:RelatesTo", id);
    }
    document.raw("</s:Header>");
}

fn encode_identity(identity: &Identity) -> Vec<u8> {
    let mut document = Document::with_capacity(1_024);
    document.raw("<s:Envelope xml:lang=\"").raw(LOCALE).raw("\" xmlns:s=\"").raw(SOAP);
    document.raw("\"><s:Header/><s:Body><wsmid:IdentifyResponse xmlns:wsmid=\"").raw(IDENTITY).raw("\">");
    optional(&mut document, "wsmid:ProtocolVersion", identity.protocol.as_deref());
    optional(&mut document, "wsmid:ProductVendor", identity.vendor.as_deref());
    optional(&mut document, "wsmid:ProductVersion", identity.version.as_deref());
    document.raw("</wsmid:IdentifyResponse></s:Body></s:Envelope>");
    document.finish()
}

fn body(document: &mut Document, request: &Headers, answer: &Answer<'_>) {
    match *answer {
        Answer::Identity(_) => {}
        Answer::Created(values) => {
            document.raw("<x:ResourceCreated>").element("a:Address", request.to.as_deref().unwrap_or(ANONYMOUS));
            document.raw("<a:ReferenceParameters>");
            document.element("w:ResourceURI", request.resource_uri.as_deref().unwrap_or_default());
            document.raw("<w:SelectorSet><w:Selector Name=\"").raw(SELECTOR_SHELL_ID).raw("\">").text(&values.shell_id);
            document.raw("</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>");
            shell(document, values);
        }
        Answer::Command { command_id } => {
            document.raw("<rsp:CommandResponse>").element("rsp:CommandId", command_id).raw("</rsp:CommandResponse>");
        }
        Answer::Acknowledged => {
            let kind = request.action.as_deref().and_then(OperationKind::of_action);
            if let Some(kind) = kind.filter(|kind| *kind != OperationKind::Delete) {
                document.raw("<rsp:").raw(kind.name()).raw("Response/>");
            }
        }
        Answer::Received { streams, state } => {
            document.raw("<rsp:ReceiveResponse>");
            for stream in streams {
                document.raw("<rsp:Stream Name=\"").raw(STDOUT).raw("\"");
                if let Some(id) = stream.command_id {
                    document.raw(" CommandId=\"").attribute(id).raw("\"");
                }
                document.raw(">").base64(stream.data).raw("</rsp:Stream>");
            }
            if let Some((id, state)) = state {
                document.raw("<rsp:CommandState CommandId=\"").attribute(id).raw("\" State=\"").attribute(&state.uri());
                let exit = if *state == CommandStateKind::Done { "<rsp:ExitCode>0</rsp:ExitCode>" } else { "" };
                document.raw("\">").raw(exit).raw("</rsp:CommandState>");
            }
            document.raw("</rsp:ReceiveResponse>");
        }
        Answer::Connected { response_xml } => {
            document.raw("<rsp:ConnectResponse>");
            if let Some(xml) = response_xml {
                document.raw("<pwsh:connectResponseXml xmlns:pwsh=\"").raw(POWERSHELL).raw("\">").base64(xml);
                document.raw("</pwsh:connectResponseXml>");
            }
            document.raw("</rsp:ConnectResponse>");
        }
        Answer::Shell(values) => shell(document, values),
        Answer::Shells(shells) => list(document, request, shells, shell),
        Answer::Commands(commands) => list(document, request, commands, command),
    }
}

/// A whole list. `Items` and `EndOfSequence` are of WS-Management in an optimised answer and of WS-Enumeration after a Pull.
fn list<T>(document: &mut Document, request: &Headers, items: &[T], item: impl Fn(&mut Document, &T)) {
    let pull = request.action.as_deref() == Some(OperationKind::Pull.action());
    let (name, prefix) = if pull { ("n:PullResponse", "n") } else { ("n:EnumerateResponse", "w") };
    document.raw("<").raw(name).raw(" xmlns:n=\"").raw(ENUMERATION).raw("\"><n:EnumerationContext/><");
    document.raw(prefix).raw(":Items>");
    for one in items {
        item(document, one);
    }
    document.raw("</").raw(prefix).raw(":Items><").raw(prefix).raw(":EndOfSequence/></").raw(name).raw(">");
}

fn shell(document: &mut Document, shell: &ShellInfo) {
    let time = |time: Option<std::time::Duration>| time.map(duration::to_text);
    document.raw("<rsp:Shell>").element("rsp:ShellId", &shell.shell_id);
    optional(document, "rsp:Name", shell.name.as_deref());
    optional(document, "rsp:ResourceUri", shell.resource_uri.as_deref());
    optional(document, "rsp:Owner", shell.owner.as_deref());
    optional(document, "rsp:ClientIP", shell.client_ip.as_deref());
    optional(document, "rsp:ProcessId", shell.process_id.map(|id| id.to_string()).as_deref());
    optional(document, "rsp:IdleTimeOut", time(shell.idle_timeout).as_deref());
    document.raw("<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>");
    optional(document, "rsp:MaxIdleTimeOut", time(shell.max_idle_timeout).as_deref());
    document.element("rsp:Locale", LOCALE).element("rsp:DataLocale", LOCALE);
    document.raw("<rsp:CompressionMode>NoCompression</rsp:CompressionMode><rsp:ProfileLoaded>Yes</rsp:ProfileLoaded>");
    document.raw("<rsp:Encoding>UTF8</rsp:Encoding>");
    optional(document, "rsp:BufferMode", shell.buffer_mode.map(crate::BufferMode::name));
    optional(document, "rsp:State", shell.state.as_ref().map(crate::ShellState::name));
    optional(document, "rsp:ShellRunTime", time(shell.run_time).as_deref());
    optional(document, "rsp:ShellInactivity", time(shell.inactivity).as_deref());
    document.raw("</rsp:Shell>");
}

fn command(document: &mut Document, command: &CommandInfo) {
    document.raw("<rsp:Command>");
    optional(document, "rsp:ShellId", command.shell_id.as_deref());
    document.element("rsp:CommandId", &command.command_id);
    optional(document, "rsp:State", command.state.as_ref().map(crate::ShellState::name));
    document.raw("</rsp:Command>");
}

fn optional(document: &mut Document, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        document.element(name, text);
    }
}
