//! The WS-Management service: requests in, answers out.

use std::sync::Arc;
use std::time::Duration;

use clixml::{Value, Version};
use http::StatusCode;
use psrp::client::InputStream;
use psrp::server::{ServerError, ServerPool};
use psrp::{PipelineId, SessionKey};
use uuid::Uuid;
use wsman::fault::code;
use wsman::names::SHELL;
use wsman::server::{
    Answer, InputData, OutputData, Request, RequestBody, ServerFault, decode_request, encode_fault, encode_response,
    receive_budget,
};
use wsman::{CommandInfo, CommandStateKind, Identity, ShellInfo, ShellState, SignalCode};

use crate::pep::{Inner, Kept};
use crate::shell::{NoAnswer, Shell};

/// The session configuration.
const PRIVILEGED_ENDPOINT: &str = "http://schemas.microsoft.com/powershell/PrivilegedEndpoint";
/// The largest request, in bytes.
const LARGEST_REQUEST: usize = 512_000;
/// The most shells of one account.
const MOST_SHELLS: usize = 30;
/// The idle time that is granted at most, and the one without a wish.
const LONGEST_IDLE: Duration = Duration::from_secs(8 * 3_600);
const USUAL_IDLE: Duration = Duration::from_secs(2 * 3_600);

type Outcome<T> = Result<T, ServerFault>;

/// Answers one unsealed request.
pub(crate) async fn answer(pep: &Arc<Inner>, account: &str, document: &[u8]) -> (StatusCode, Vec<u8>) {
    let (machine, world) = (pep.stamp.computer.as_str(), &pep.stamp.world);
    if document.len() > LARGEST_REQUEST {
        let fault = ServerFault::new(code::ENVELOPE_TOO_LARGE, "The request is larger than this service takes.");
        return (StatusCode::INTERNAL_SERVER_ERROR, encode_fault(None, world.id(), machine, &fault));
    }
    let request = match decode_request(document) {
        Ok(request) => request,
        Err(error) => {
            let fault = encode_fault(Some(&error.headers), world.id(), machine, &error.to_fault());
            return (StatusCode::INTERNAL_SERVER_ERROR, fault);
        }
    };
    let kept = kept(pep, account, &request);
    let outcome = match kept.clone().filter(|_| request.headers.retransmission).and_then(|key| pep.kept(&key)) {
        // It was carried out before, whatever came of it.
        Some(Kept::Done) => Ok(repeat(pep, &request)),
        Some(Kept::Refused(fault)) => Err(fault),
        None => {
            let outcome = carry_out(pep, account, &request).await;
            if let Some(key) = kept {
                pep.keep(key, outcome.as_ref().map_or_else(|fault| Kept::Refused(fault.clone()), |_| Kept::Done));
            }
            outcome
        }
    };
    match outcome {
        Ok(answer) => (StatusCode::OK, answer),
        Err(fault) => {
            (StatusCode::INTERNAL_SERVER_ERROR, encode_fault(Some(&request.headers), world.id(), machine, &fault))
        }
    }
}

/// The operation by whose id an answer is kept: what must not be done twice.
fn kept(pep: &Arc<Inner>, account: &str, request: &Request) -> Option<(String, String)> {
    let once =
        matches!(request.body, RequestBody::Command { .. } | RequestBody::Send { .. } | RequestBody::Signal { .. });
    let id = request.headers.operation_id.as_ref().filter(|_| once && pep.keeps_answers())?;
    Some((account.to_lowercase(), id.clone()))
}

/// The answer to an operation that was carried out before.
fn repeat(pep: &Arc<Inner>, request: &Request) -> Vec<u8> {
    let answer = match &request.body {
        RequestBody::Command { command_id: Some(id), .. } => Answer::Command { command_id: id },
        _ => Answer::Acknowledged,
    };
    encode_response(&request.headers, pep.stamp.world.id(), &answer)
}

async fn carry_out(pep: &Arc<Inner>, account: &str, request: &Request) -> Outcome<Vec<u8>> {
    let reply = |answer: &Answer<'_>| encode_response(&request.headers, pep.stamp.world.id(), answer);
    let headers = &request.headers;
    let uri = headers.resource_uri.as_deref().unwrap_or_default();
    match &request.body {
        RequestBody::Identify => {
            let identity = Identity {
                protocol: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd".to_owned()),
                vendor: Some("PEP Assistant practice".to_owned()),
                version: Some("OS: 10.0.17763 SP: 0.0 Stack: 3.0".to_owned()),
            };
            return Ok(reply(&Answer::Identity(&identity)));
        }
        RequestBody::Enumerate { shell_id } if uri.starts_with(SHELL) => {
            return Ok(enumerate(pep, account, shell_id.as_deref(), uri, &reply));
        }
        _ => {}
    }
    if !uri.eq_ignore_ascii_case(PRIVILEGED_ENDPOINT) {
        return Err(ServerFault::unknown_resource(format!("The resource URI {uri} is not known here.")));
    }
    if let RequestBody::Create { shell_id, name, idle_timeout, creation_xml, .. } = &request.body {
        let info = create(pep, account, shell_id.as_deref(), name.clone(), *idle_timeout, creation_xml)?;
        return Ok(reply(&Answer::Created(&info)));
    }
    let wanted = headers.shell_id().unwrap_or_default();
    let shell = pep.shells().get(wanted).filter(|shell| shell.owner.eq_ignore_ascii_case(account)).cloned();
    let shell = shell.ok_or_else(|| ServerFault::not_found(format!("There is no shell {wanted}.")))?;
    let away = shell.is_disconnected();
    let comes_back = matches!(
        request.body,
        RequestBody::Reconnect { .. } | RequestBody::Connect { .. } | RequestBody::Delete | RequestBody::Get
    );
    if away && !comes_back {
        return Err(ServerFault::new(code::DISCONNECTED, "The shell is disconnected."));
    }
    match &request.body {
        RequestBody::Command { command_id, arguments, .. } => {
            let text = command_id.as_deref().ok_or_else(missing_command)?;
            let id = pipeline_id(text)?;
            if shell.commands().contains(&id) {
                return Err(ServerFault::new(code::ALREADY_EXISTS, "There is a command with this id."));
            }
            give(&shell, Some(id), InputStream::Stdin, arguments)?;
            Ok(reply(&Answer::Command { command_id: text }))
        }
        RequestBody::Send { streams } => {
            for InputData { stream, command_id, data } in streams {
                let id = command_id.as_deref().map(pipeline_id).transpose()?;
                let stream = if stream == "pr" { InputStream::Pr } else { InputStream::Stdin };
                give(&shell, id, stream, data)?;
            }
            Ok(reply(&Answer::Acknowledged))
        }
        RequestBody::Receive { command_id, .. } => receive(&shell, request, command_id.as_deref(), &reply).await,
        RequestBody::Signal { command_id, code: signal } => {
            let text = command_id.as_deref().ok_or_else(missing_command)?;
            let id = pipeline_id(text)?;
            let known = match SignalCode::of_uri(signal) {
                Some(SignalCode::Stop) => shell.stop(id),
                // As a Windows server does: whatever is not the one spelling of stop ends the command.
                _ => shell.terminate(id),
            };
            if known {
                Ok(reply(&Answer::Acknowledged))
            } else {
                Err(ServerFault::not_found(format!("There is no command {text}.")))
            }
        }
        RequestBody::Disconnect { .. } => {
            shell.set_disconnected(true);
            Ok(reply(&Answer::Acknowledged))
        }
        RequestBody::Reconnect { command_id: None } => {
            shell.set_disconnected(false);
            Ok(reply(&Answer::Acknowledged))
        }
        RequestBody::Reconnect { command_id: Some(id) } => {
            if !shell.reconnect(pipeline_id(id)?) {
                return Err(ServerFault::not_found(format!("There is no command {id}.")));
            }
            Ok(reply(&Answer::Acknowledged))
        }
        RequestBody::Connect { command_id: None, connect_xml } => {
            shell.set_disconnected(false);
            heard(shell.receive_connect(connect_xml.as_deref().unwrap_or_default()))?;
            let output = shell.take_pool_output();
            Ok(reply(&Answer::Connected { response_xml: Some(&output) }))
        }
        RequestBody::Connect { command_id: Some(id), .. } => {
            if !shell.reconnect(pipeline_id(id)?) {
                return Err(ServerFault::not_found(format!("There is no command {id}.")));
            }
            Ok(reply(&Answer::Connected { response_xml: None }))
        }
        RequestBody::Delete => {
            pep.shells().remove(wanted);
            shell.close();
            Ok(reply(&Answer::Acknowledged))
        }
        RequestBody::Get => Ok(reply(&Answer::Shell(&info(&shell)))),
        _ => Err(ServerFault::new(code::ACTION_NOT_SUPPORTED, "The action is not supported here.")),
    }
}

fn create(
    pep: &Arc<Inner>,
    account: &str,
    shell_id: Option<&str>,
    name: Option<String>,
    idle: Option<Duration>,
    creation_xml: &[u8],
) -> Outcome<ShellInfo> {
    if idle.is_some_and(|idle| idle > LONGEST_IDLE || idle < Duration::from_secs(60)) {
        return Err(ServerFault::new(code::IDLE_TIMEOUT, "The idle time is outside the limits of this endpoint."));
    }
    let id = shell_id.map_or_else(|| wsman::guid_text(pep.stamp.world.id()), ToOwned::to_owned);
    {
        let shells = pep.shells();
        if shells.contains_key(&id) {
            return Err(ServerFault::new(code::ALREADY_EXISTS, "There is a shell with this id."));
        }
        if shells.values().filter(|shell| shell.owner.eq_ignore_ascii_case(account)).count() >= MOST_SHELLS {
            return Err(ServerFault::new(code::QUOTA_SHELLS, "This account has too many shells."));
        }
    }
    let pool = ServerPool::new(SessionKey::new(pep.stamp.world.random()), version_table());
    let shell = Shell::new(
        id.clone(),
        account.to_owned(),
        PRIVILEGED_ENDPOINT.to_owned(),
        name,
        idle.unwrap_or(USUAL_IDLE),
        Arc::clone(&pep.stamp),
        pool,
    );
    give(&shell, None, InputStream::Stdin, creation_xml)?;
    let values = info(&shell);
    pep.shells().insert(id, shell);
    Ok(values)
}

async fn receive(
    shell: &Arc<Shell>,
    request: &Request,
    command: Option<&str>,
    reply: &impl Fn(&Answer<'_>) -> Vec<u8>,
) -> Outcome<Vec<u8>> {
    let id = command.map(pipeline_id).transpose()?;
    let headers = &request.headers;
    let limit = headers.operation_timeout.unwrap_or(Duration::from_secs(60));
    let budget = receive_budget(headers.max_envelope.unwrap_or(512_000), 8);
    let message = headers.message_id.as_deref().unwrap_or_default();
    match shell.output(id, message, budget, limit).await {
        Ok(answer) => {
            let streams: Vec<OutputData<'_>> =
                answer.fragments.iter().map(|data| OutputData { command_id: command, data }).collect();
            let done = CommandStateKind::Done;
            let state = command.filter(|_| answer.done).map(|command| (command, &done));
            Ok(reply(&Answer::Received { streams: &streams, state }))
        }
        Err(NoAnswer::TimedOut) => Err(ServerFault::timed_out()),
        Err(NoAnswer::NotFound) => Err(ServerFault::not_found("There is no such command.")),
        Err(NoAnswer::Disconnected) => Err(ServerFault::new(code::STREAM_DISCONNECTED, "The shell is disconnected.")),
    }
}

fn enumerate(
    pep: &Arc<Inner>,
    account: &str,
    shell_id: Option<&str>,
    uri: &str,
    reply: &impl Fn(&Answer<'_>) -> Vec<u8>,
) -> Vec<u8> {
    let shells: Vec<Arc<Shell>> =
        pep.shells().values().filter(|shell| shell.owner.eq_ignore_ascii_case(account)).cloned().collect();
    if uri.ends_with("/Command") {
        let wanted = shells.iter().filter(|shell| shell_id.is_none_or(|id| shell.id == id));
        let commands: Vec<CommandInfo> = wanted
            .flat_map(|shell| {
                shell.commands().into_iter().map(|id| CommandInfo {
                    shell_id: Some(shell.id.clone()),
                    command_id: wsman::guid_text(id.0),
                    state: Some(ShellState::Connected),
                })
            })
            .collect();
        return reply(&Answer::Commands(&commands));
    }
    let shells: Vec<ShellInfo> = shells.iter().map(|shell| info(shell)).collect();
    reply(&Answer::Shells(&shells))
}

fn info(shell: &Shell) -> ShellInfo {
    ShellInfo {
        shell_id: shell.id.clone(),
        name: shell.name.clone(),
        resource_uri: Some(shell.resource_uri.clone()),
        owner: Some(shell.owner.clone()),
        idle_timeout: Some(shell.idle_timeout),
        max_idle_timeout: Some(LONGEST_IDLE),
        state: Some(if shell.is_disconnected() { ShellState::Disconnected } else { ShellState::Connected }),
        ..ShellInfo::default()
    }
}

fn give(shell: &Arc<Shell>, id: Option<PipelineId>, stream: InputStream, data: &[u8]) -> Outcome<()> {
    heard(shell.receive(id, stream, data))
}

fn heard(outcome: Result<(), ServerError>) -> Outcome<()> {
    outcome.map_err(|error| {
        tracing::info!(%error, "Practice refused a message");
        ServerFault::new(code::BAD_PARAMETER, error.to_string())
    })
}

fn pipeline_id(text: &str) -> Outcome<PipelineId> {
    let id = Uuid::try_parse(text).map_err(|_| ServerFault::new(code::INVALID_PARAMETER, "An id is no GUID."))?;
    Ok(PipelineId(id))
}

fn missing_command() -> ServerFault {
    ServerFault::new(code::INVALID_PARAMETER, "The command has no id.")
}

/// The versions that a Windows Server 2019 tells.
fn version_table() -> Vec<(Value, Value)> {
    let version = |text: &str| Version::parse(text).map_or(Value::Null, Value::Version);
    vec![
        ("PSVersion".into(), version("5.1.17763.1")),
        ("PSEdition".into(), "Desktop".into()),
        ("PSRemotingProtocolVersion".into(), version("2.3")),
        ("SerializationVersion".into(), version("1.1.0.1")),
        ("WSManStackVersion".into(), version("3.0")),
        ("BuildVersion".into(), version("10.0.17763.1")),
    ]
}
