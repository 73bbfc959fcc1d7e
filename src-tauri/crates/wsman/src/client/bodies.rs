//! The bodies of answers.

use safe_xml::Start;
use uuid::Uuid;

use crate::client::response::{CommandState, Identity, Listing, Received, Response, StreamData};
use crate::error::Malformed;
use crate::kind::OperationKind;
use crate::names::{ADDRESSING, ENUMERATION, IDENTITY, POWERSHELL, SELECTOR_SHELL_ID, SHELL, TRANSFER, WSMAN};
use crate::shell::{CommandInfo, CommandStateKind, ShellInfo, ShellState};
use crate::walk::{Walk, attribute, once};
use crate::words::BufferMode;
use crate::{data, duration};

/// Reads the body's children, the first of which was opened already, up to the end of the body.
pub(super) fn read(
    walk: &mut Walk<'_>,
    operation: OperationKind,
    first: Option<Start<'_>>,
) -> Result<Response, Malformed> {
    let mut answer = Answer::default();
    let mut next = first;
    while let Some(start) = next {
        answer.element(walk, operation, &start)?;
        drop(start);
        next = walk.child()?;
    }
    answer.finish(operation)
}

/// What was found so far.
#[derive(Default)]
struct Answer {
    identity: Option<Identity>,
    created: Option<Option<String>>,
    shell: Option<ShellInfo>,
    command: Option<Option<Uuid>>,
    received: Option<Received>,
    connected: Option<Option<Vec<u8>>>,
    listing: Option<Listing>,
}

impl Answer {
    fn element(&mut self, walk: &mut Walk<'_>, operation: OperationKind, start: &Start<'_>) -> Result<(), Malformed> {
        match operation {
            OperationKind::Identify if start.is(IDENTITY, "IdentifyResponse") => {
                once(&mut self.identity, identity(walk)?, "IdentifyResponse")
            }
            OperationKind::Create if start.is(TRANSFER, "ResourceCreated") => {
                once(&mut self.created, created(walk)?, "ResourceCreated")
            }
            OperationKind::Create | OperationKind::Get if start.is(SHELL, "Shell") => {
                once(&mut self.shell, shell(walk, start)?, "Shell")
            }
            OperationKind::Command if start.is(SHELL, "CommandResponse") => {
                once(&mut self.command, command(walk)?, "CommandResponse")
            }
            OperationKind::Receive if start.is(SHELL, "ReceiveResponse") => {
                once(&mut self.received, received(walk)?, "ReceiveResponse")
            }
            OperationKind::Connect if start.is(SHELL, "ConnectResponse") => {
                once(&mut self.connected, connected(walk)?, "ConnectResponse")
            }
            OperationKind::Enumerate if start.is(ENUMERATION, "EnumerateResponse") => {
                once(&mut self.listing, listing(walk)?, "EnumerateResponse")
            }
            OperationKind::Pull if start.is(ENUMERATION, "PullResponse") => {
                once(&mut self.listing, listing(walk)?, "PullResponse")
            }
            _ => walk.skip(),
        }
    }

    fn finish(self, operation: OperationKind) -> Result<Response, Malformed> {
        Ok(match operation {
            OperationKind::Identify => Response::Identity(self.identity.ok_or(Malformed::Missing("IdentifyResponse"))?),
            OperationKind::Create => {
                let selector = self.created.flatten();
                let mut shell = match (self.shell, &selector) {
                    (Some(shell), _) => shell,
                    (None, Some(_)) => ShellInfo::default(),
                    (None, None) => return Err(Malformed::Missing("ShellId")),
                };
                if shell.shell_id.is_empty() {
                    shell.shell_id = selector.ok_or(Malformed::Missing("ShellId"))?;
                }
                Response::Created(shell)
            }
            OperationKind::Get => Response::Shell(self.shell.ok_or(Malformed::Missing("Shell"))?),
            OperationKind::Command => {
                Response::Command { command_id: self.command.ok_or(Malformed::Missing("CommandResponse"))? }
            }
            OperationKind::Receive => Response::Received(self.received.ok_or(Malformed::Missing("ReceiveResponse"))?),
            OperationKind::Connect => {
                Response::Connected { response_xml: self.connected.ok_or(Malformed::Missing("ConnectResponse"))? }
            }
            OperationKind::Enumerate => Response::Listing(self.listing.ok_or(Malformed::Missing("EnumerateResponse"))?),
            OperationKind::Pull => Response::Listing(self.listing.ok_or(Malformed::Missing("PullResponse"))?),
            // Their bodies hold nothing that anyone needs, and some servers leave them out.
            OperationKind::Send
            | OperationKind::Signal
            | OperationKind::Disconnect
            | OperationKind::Reconnect
            | OperationKind::Delete => Response::Acknowledged,
        })
    }
}

fn identity(walk: &mut Walk<'_>) -> Result<Identity, Malformed> {
    let mut identity = Identity::default();
    while let Some(start) = walk.child()? {
        let slot = match start.name() {
            _ if start.namespace() != Some(IDENTITY) => None,
            "ProtocolVersion" => Some(&mut identity.protocol),
            "ProductVendor" => Some(&mut identity.vendor),
            "ProductVersion" => Some(&mut identity.version),
            _ => None,
        };
        match slot {
            Some(slot) => *slot = walk.optional_text("IdentifyResponse")?,
            None => walk.skip()?,
        }
    }
    Ok(identity)
}

/// The shell's id out of the reference to the new resource.
fn created(walk: &mut Walk<'_>) -> Result<Option<String>, Malformed> {
    let mut id = None;
    while let Some(start) = walk.child()? {
        if !start.is(ADDRESSING, "ReferenceParameters") {
            walk.skip()?;
            continue;
        }
        while let Some(start) = walk.child()? {
            if !start.is(WSMAN, "SelectorSet") {
                walk.skip()?;
                continue;
            }
            while let Some(start) = walk.child()? {
                let name = attribute(&start, "Name")?.unwrap_or_default();
                if start.is(WSMAN, "Selector") && name.eq_ignore_ascii_case(SELECTOR_SHELL_ID) {
                    once(&mut id, walk.text("Selector")?, "Selector")?;
                } else {
                    walk.skip()?;
                }
            }
        }
    }
    Ok(id)
}

fn shell(walk: &mut Walk<'_>, start: &Start<'_>) -> Result<ShellInfo, Malformed> {
    let mut shell = ShellInfo {
        shell_id: attribute(start, "ShellId")?.unwrap_or_default(),
        name: attribute(start, "Name")?,
        ..ShellInfo::default()
    };
    while let Some(start) = walk.child()? {
        if start.namespace() != Some(SHELL) {
            walk.skip()?;
            continue;
        }
        match start.name() {
            "ShellId" => shell.shell_id = walk.text("ShellId")?,
            "Name" => shell.name = walk.optional_text("Name")?,
            "ResourceUri" => shell.resource_uri = walk.optional_text("ResourceUri")?,
            "Owner" => shell.owner = walk.optional_text("Owner")?,
            "ClientIP" => shell.client_ip = walk.optional_text("ClientIP")?,
            "ProcessId" => shell.process_id = walk.text("ProcessId")?.parse().ok(),
            // Both spellings are seen.
            "IdleTimeOut" | "IdleTimeout" => shell.idle_timeout = duration::parse(&walk.text("IdleTimeOut")?),
            "MaxIdleTimeOut" | "MaxIdleTimeout" => {
                shell.max_idle_timeout = duration::parse(&walk.text("MaxIdleTimeOut")?);
            }
            "BufferMode" => shell.buffer_mode = BufferMode::of_name(&walk.text("BufferMode")?),
            "State" => shell.state = walk.optional_text("State")?.map(|name| ShellState::of_name(&name)),
            "ShellRunTime" => shell.run_time = duration::parse(&walk.text("ShellRunTime")?),
            "ShellInactivity" => shell.inactivity = duration::parse(&walk.text("ShellInactivity")?),
            _ => walk.skip()?,
        }
    }
    Ok(shell)
}

fn command(walk: &mut Walk<'_>) -> Result<Option<Uuid>, Malformed> {
    let mut id = None;
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "CommandId") {
            let text = walk.text("CommandId")?;
            once(&mut id, Uuid::try_parse(&text).map_err(|_| Malformed::Invalid("CommandId"))?, "CommandId")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(id)
}

fn received(walk: &mut Walk<'_>) -> Result<Received, Malformed> {
    let mut received = Received::default();
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "Stream") {
            let name = attribute(&start, "Name")?.ok_or(Malformed::Missing("Name of a Stream"))?;
            let command_id = command_attribute(&start)?;
            let data = data::decode(&walk.whole_text()?, "Stream")?;
            if !data.is_empty() {
                received.streams.push(StreamData { name, command_id, data });
            }
        } else if start.is(SHELL, "CommandState") {
            let uri = attribute(&start, "State")?.ok_or(Malformed::Missing("State of a CommandState"))?;
            let command_id = command_attribute(&start)?;
            let exit_code = exit_code(walk)?;
            let state = CommandState { command_id, state: CommandStateKind::of_uri(&uri), exit_code };
            once(&mut received.state, state, "CommandState")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(received)
}

fn command_attribute(start: &Start<'_>) -> Result<Option<Uuid>, Malformed> {
    let Some(text) = attribute(start, "CommandId")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    Uuid::try_parse(&text).map(Some).map_err(|_| Malformed::Invalid("CommandId"))
}

fn exit_code(walk: &mut Walk<'_>) -> Result<Option<i64>, Malformed> {
    let mut code = None;
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "ExitCode") {
            code = walk.text("ExitCode")?.parse().ok();
        } else {
            walk.skip()?;
        }
    }
    Ok(code)
}

fn connected(walk: &mut Walk<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let mut xml = None;
    while let Some(start) = walk.child()? {
        if start.is(POWERSHELL, "connectResponseXml") {
            once(&mut xml, data::decode(&walk.whole_text()?, "connectResponseXml")?, "connectResponseXml")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(xml)
}

/// `Items` and `EndOfSequence` are of WS-Management in an optimised answer and of WS-Enumeration after a Pull.
fn listing(walk: &mut Walk<'_>) -> Result<Listing, Malformed> {
    let mut listing = Listing::default();
    let mut end = false;
    while let Some(start) = walk.child()? {
        let known = [Some(WSMAN), Some(ENUMERATION)].contains(&start.namespace());
        match start.name() {
            "Items" if known => items(walk, &mut listing)?,
            "EndOfSequence" if known => {
                end = true;
                walk.skip()?;
            }
            "EnumerationContext" if known => {
                let context = walk.optional_text("EnumerationContext")?;
                listing.more = context.or(listing.more);
            }
            _ => walk.skip()?,
        }
    }
    if end {
        listing.more = None;
    }
    Ok(listing)
}

fn items(walk: &mut Walk<'_>, listing: &mut Listing) -> Result<(), Malformed> {
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "Shell") {
            listing.shells.push(shell(walk, &start)?);
        } else if start.is(SHELL, "Command") {
            listing.commands.push(command_info(walk)?);
        } else {
            walk.skip()?;
        }
    }
    Ok(())
}

fn command_info(walk: &mut Walk<'_>) -> Result<CommandInfo, Malformed> {
    let mut command = CommandInfo::default();
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "ShellId") {
            command.shell_id = walk.optional_text("ShellId")?;
        } else if start.is(SHELL, "CommandId") {
            command.command_id = walk.text("CommandId")?;
        } else if start.is(SHELL, "State") {
            command.state = walk.optional_text("State")?.map(|name| ShellState::of_name(&name));
        } else {
            walk.skip()?;
        }
    }
    Ok(command)
}
