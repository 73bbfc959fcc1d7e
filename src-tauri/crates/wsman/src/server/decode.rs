//! Requests as clients send them.

use std::time::Duration;

use safe_xml::Start;

use crate::error::Malformed;
use crate::kind::OperationKind;
use crate::names::{ENUMERATION, IDENTITY, POWERSHELL, SHELL, SOAP, WSMAN};
use crate::server::headers::{self, Headers};
use crate::server::request::{InputData, Request, RequestBody, RequestError, RequestErrorKind};
use crate::walk::{Walk, attribute, once};
use crate::words::BufferMode;
use crate::{data, duration};

/// Decodes a request. `document` is UTF-8; see [`crate::Charset::to_utf8`].
///
/// # Errors
/// When it cannot be read or is not of a known operation. Whether ids, sizes and times fit is the caller's to judge.
pub fn decode_request(document: &[u8]) -> Result<Request, RequestError> {
    let mut found = None;
    let body = read(document, &mut found);
    let headers = found.unwrap_or_default();
    match body {
        Ok(body) => Ok(Request { headers, body }),
        Err(cause) => Err(RequestError { cause, headers: Box::new(headers) }),
    }
}

fn read(document: &[u8], headers: &mut Option<Headers>) -> Result<RequestBody, RequestErrorKind> {
    let mut walk = Walk::envelope(document)?;
    let mut body = None;
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Header") && body.is_none() {
            once(headers, Headers::read(&mut walk)?, "Header")?;
        } else if start.is(SOAP, "Body") {
            let content = content(&mut walk, headers.as_ref())?;
            once(&mut body, content, "Body")?;
        } else {
            walk.skip()?;
        }
    }
    walk.end()?;
    Ok(body.ok_or(Malformed::Missing("Body"))?)
}

fn content(walk: &mut Walk<'_>, headers: Option<&Headers>) -> Result<RequestBody, RequestErrorKind> {
    let first = walk.child()?;
    if first.as_ref().is_some_and(|first| first.is(IDENTITY, "Identify")) {
        walk.skip()?;
        rest(walk)?;
        return Ok(RequestBody::Identify);
    }
    let headers = headers.ok_or(RequestErrorKind::HeaderRequired("Header"))?;
    let action = headers.action.as_deref().ok_or(RequestErrorKind::HeaderRequired("Action"))?;
    if headers.message_id.is_none() {
        return Err(RequestErrorKind::HeaderRequired("MessageID"));
    }
    if !headers.not_understood.is_empty() {
        return Err(RequestErrorKind::NotUnderstood);
    }
    let kind = OperationKind::of_action(action).ok_or(RequestErrorKind::ActionNotSupported)?;
    let wanted = match kind {
        OperationKind::Identify => return Err(RequestErrorKind::ActionNotSupported),
        OperationKind::Delete | OperationKind::Get => {
            if first.is_some() {
                walk.skip()?;
                rest(walk)?;
            }
            return Ok(if kind == OperationKind::Get { RequestBody::Get } else { RequestBody::Delete });
        }
        // Some clients leave the element out when nothing stands in it.
        OperationKind::Reconnect if first.is_none() => return Ok(RequestBody::Reconnect { command_id: None }),
        OperationKind::Create => (SHELL, "Shell"),
        OperationKind::Command => (SHELL, "CommandLine"),
        OperationKind::Send => (SHELL, "Send"),
        OperationKind::Receive => (SHELL, "Receive"),
        OperationKind::Signal => (SHELL, "Signal"),
        OperationKind::Disconnect => (SHELL, "Disconnect"),
        OperationKind::Reconnect => (SHELL, "Reconnect"),
        OperationKind::Connect => (SHELL, "Connect"),
        OperationKind::Enumerate => (ENUMERATION, "Enumerate"),
        OperationKind::Pull => (ENUMERATION, "Pull"),
    };
    let start = first.filter(|first| first.is(wanted.0, wanted.1)).ok_or(Malformed::Missing(wanted.1))?;
    let body = match kind {
        OperationKind::Create => create(walk, &start)?,
        OperationKind::Command => command(walk, &start)?,
        OperationKind::Send => send(walk)?,
        OperationKind::Receive => receive(walk)?,
        OperationKind::Signal => signal(walk, &start)?,
        OperationKind::Disconnect => disconnect(walk)?,
        OperationKind::Reconnect => {
            let command_id = attribute(&start, "CommandId")?;
            walk.skip()?;
            RequestBody::Reconnect { command_id }
        }
        OperationKind::Connect => connect(walk, &start)?,
        OperationKind::Enumerate => enumerate(walk)?,
        OperationKind::Pull => pull(walk)?,
        OperationKind::Identify | OperationKind::Delete | OperationKind::Get => {
            return Err(RequestErrorKind::ActionNotSupported);
        }
    };
    rest(walk)?;
    Ok(body)
}

/// Passes over what else the body holds.
fn rest(walk: &mut Walk<'_>) -> Result<(), Malformed> {
    while walk.child()?.is_some() {
        walk.skip()?;
    }
    Ok(())
}

fn create(walk: &mut Walk<'_>, start: &Start<'_>) -> Result<RequestBody, Malformed> {
    let shell_id = attribute(start, "ShellId")?;
    let mut name = attribute(start, "Name")?;
    let (mut input, mut output, mut idle_timeout, mut xml) = (None, None, None, None);
    while let Some(start) = walk.child()? {
        match (start.namespace(), start.name()) {
            (Some(SHELL), "InputStreams") => once(&mut input, walk.text("InputStreams")?, "InputStreams")?,
            (Some(SHELL), "OutputStreams") => once(&mut output, walk.text("OutputStreams")?, "OutputStreams")?,
            (Some(SHELL), "Name") => name = walk.optional_text("Name")?,
            (Some(SHELL), "IdleTimeOut" | "IdleTimeout") => once(&mut idle_timeout, idle(walk)?, "IdleTimeOut")?,
            (Some(POWERSHELL), "creationXml") => {
                once(&mut xml, data::decode(&walk.whole_text()?, "creationXml")?, "creationXml")?;
            }
            _ => walk.skip()?,
        }
    }
    Ok(RequestBody::Create {
        shell_id,
        name,
        input_streams: input.unwrap_or_default(),
        output_streams: output.unwrap_or_default(),
        idle_timeout,
        creation_xml: xml.ok_or(Malformed::Missing("creationXml"))?,
    })
}

fn idle(walk: &mut Walk<'_>) -> Result<Duration, Malformed> {
    duration::parse(&walk.text("IdleTimeOut")?).ok_or(Malformed::Invalid("IdleTimeOut"))
}

fn command(walk: &mut Walk<'_>, start: &Start<'_>) -> Result<RequestBody, Malformed> {
    let command_id = attribute(start, "CommandId")?;
    let (mut text, mut arguments) = (None, Vec::new());
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "Command") {
            once(&mut text, walk.text("Command")?, "Command")?;
        } else if start.is(SHELL, "Arguments") {
            append(&mut arguments, data::decode(&walk.whole_text()?, "Arguments")?);
        } else {
            walk.skip()?;
        }
    }
    Ok(RequestBody::Command { command_id, text: text.unwrap_or_default(), arguments })
}

/// Appends without a copy in the usual case of one piece.
fn append(all: &mut Vec<u8>, piece: Vec<u8>) {
    if all.is_empty() {
        *all = piece;
    } else {
        all.extend_from_slice(&piece);
    }
}

fn send(walk: &mut Walk<'_>) -> Result<RequestBody, Malformed> {
    let mut streams = Vec::new();
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "Stream") {
            let stream = attribute(&start, "Name")?.ok_or(Malformed::Missing("Name of a Stream"))?;
            let command_id = attribute(&start, "CommandId")?;
            streams.push(InputData { stream, command_id, data: data::decode(&walk.whole_text()?, "Stream")? });
        } else {
            walk.skip()?;
        }
    }
    if streams.is_empty() { Err(Malformed::Missing("Stream")) } else { Ok(RequestBody::Send { streams }) }
}

fn receive(walk: &mut Walk<'_>) -> Result<RequestBody, Malformed> {
    let mut body = None;
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "DesiredStream") {
            let command_id = attribute(&start, "CommandId")?;
            let streams = walk.text("DesiredStream")?;
            once(&mut body, RequestBody::Receive { command_id, streams }, "DesiredStream")?;
        } else {
            walk.skip()?;
        }
    }
    body.ok_or(Malformed::Missing("DesiredStream"))
}

fn signal(walk: &mut Walk<'_>, start: &Start<'_>) -> Result<RequestBody, Malformed> {
    let command_id = attribute(start, "CommandId")?;
    let mut code = None;
    while let Some(start) = walk.child()? {
        if start.is(SHELL, "Code") {
            once(&mut code, walk.text("Code")?, "Code")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(RequestBody::Signal { command_id, code: code.ok_or(Malformed::Missing("Code"))? })
}

fn disconnect(walk: &mut Walk<'_>) -> Result<RequestBody, Malformed> {
    let (mut idle_timeout, mut buffer_mode) = (None, None);
    while let Some(start) = walk.child()? {
        match (start.namespace(), start.name()) {
            (Some(SHELL), "IdleTimeOut" | "IdleTimeout") => once(&mut idle_timeout, idle(walk)?, "IdleTimeOut")?,
            (Some(SHELL), "BufferMode") => {
                let mode = BufferMode::of_name(&walk.text("BufferMode")?).ok_or(Malformed::Invalid("BufferMode"))?;
                once(&mut buffer_mode, mode, "BufferMode")?;
            }
            _ => walk.skip()?,
        }
    }
    Ok(RequestBody::Disconnect { idle_timeout, buffer_mode })
}

fn connect(walk: &mut Walk<'_>, start: &Start<'_>) -> Result<RequestBody, Malformed> {
    let command_id = attribute(start, "CommandId")?;
    let mut connect_xml = None;
    while let Some(start) = walk.child()? {
        if start.is(POWERSHELL, "connectXml") {
            once(&mut connect_xml, data::decode(&walk.whole_text()?, "connectXml")?, "connectXml")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(RequestBody::Connect { command_id, connect_xml })
}

fn enumerate(walk: &mut Walk<'_>) -> Result<RequestBody, Malformed> {
    let mut selectors = Vec::new();
    while let Some(start) = walk.child()? {
        if !start.is(WSMAN, "Filter") {
            walk.skip()?;
            continue;
        }
        while let Some(start) = walk.child()? {
            if start.is(WSMAN, "SelectorSet") {
                headers::selectors(walk, &mut selectors)?;
            } else {
                walk.skip()?;
            }
        }
    }
    Ok(RequestBody::Enumerate { shell_id: headers::shell_id(&selectors).map(str::to_owned) })
}

fn pull(walk: &mut Walk<'_>) -> Result<RequestBody, Malformed> {
    let mut context = None;
    while let Some(start) = walk.child()? {
        if start.is(ENUMERATION, "EnumerationContext") {
            once(&mut context, walk.text("EnumerationContext")?, "EnumerationContext")?;
        } else {
            walk.skip()?;
        }
    }
    Ok(RequestBody::Pull { context: context.ok_or(Malformed::Missing("EnumerationContext"))? })
}
