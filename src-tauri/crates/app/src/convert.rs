//! Between the product's types and those of the contract.

use std::time::Duration;

use contract as c;
use pep::address::{Address, Origin};
use pep::catalogue::Risk;
use pep::find::{Confidence, Found, Looked, Stage};
use pep::identity::{Names, Shown};
use pep::policy::Policy;
use pep::preview::{ParameterValue, Role, RunSpec};
use pep::profile::Relation;
use pep::session::{
    Answer, Connection, Filled, Form, FormField, FormInput, ItemStream, Outcome, PepSession, RunView, Summary,
};
use pep::stamp::{FallBack, Stamp};
use pep::verdict::CheckResult;
use spnego::Secret;
use winrm::KeyPin;

use crate::host::StoreError;
use crate::practice_link;
use crate::shown::shown;

pub(crate) fn fault(fault: &pep::Fault) -> c::Fault {
    c::Fault {
        code: fault.text(),
        blame: match fault.blame() {
            pep::Blame::ThisComputer => c::Blame::ThisComputer,
            pep::Blame::Network => c::Blame::Network,
            pep::Blame::Endpoint => c::Blame::Endpoint,
            pep::Blame::Input => c::Blame::Input,
            pep::Blame::Policy => c::Blame::Policy,
            pep::Blame::App => c::Blame::App,
        },
        next: match fault.next() {
            pep::Next::Retry => c::Next::Retry,
            pep::Next::FixInput => c::Next::FixInput,
            pep::Next::Reconnect => c::Next::Reconnect,
            pep::Next::ChooseOther => c::Next::ChooseOther,
            pep::Next::AskSupport => c::Next::AskSupport,
        },
        values: fault.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        detail: fault.detail.iter().map(|line| shown(line)).collect(),
    }
}

pub(crate) fn stamp(stamp: &Stamp) -> c::StampProfile {
    let practice = stamp.id == practice_link::STAMP;
    let source = if practice {
        c::StampSource::Practice
    } else if stamp.from_file {
        c::StampSource::File
    } else {
        c::StampSource::Typed
    };
    let addresses = stamp.addresses.iter().enumerate().map(|(at, address)| c::EndpointAddress {
        host: address.host.clone(),
        port: address.port,
        label: stamp.label(at),
    });
    c::StampProfile {
        id: stamp.id.clone(),
        name: stamp.name.clone(),
        region: stamp.region.clone(),
        netbios_domain: stamp.netbios_domain.clone(),
        dns_domain: stamp.dns_domain.clone(),
        external_domain: stamp.external_domain.clone(),
        cloud_id: stamp.cloud_id.clone(),
        deployment_id: stamp.deployment_id.clone(),
        version: stamp.version.clone(),
        resource_manager: stamp.resource_manager.clone(),
        addresses: addresses.collect(),
        source,
        last_used: stamp.last_used,
        practice,
        fall_back: fall_back(stamp.fall_back),
    }
}

pub(crate) fn keyring_problem(error: &StoreError) -> c::KeyringProblem {
    let kind = match error {
        StoreError::Missing(_) => c::KeyringProblemKind::Missing,
        StoreError::Locked(_) => c::KeyringProblemKind::Locked,
        StoreError::NoDefault => c::KeyringProblemKind::NoDefault,
        StoreError::Late(_) | StoreError::TooLong | StoreError::NotKept | StoreError::Failed(_) => {
            c::KeyringProblemKind::Failed
        }
    };
    c::KeyringProblem { kind, detail: error.to_string() }
}

pub(crate) fn fall_back(fall_back: FallBack) -> c::FallBack {
    match fall_back {
        FallBack::Ask => c::FallBack::Ask,
        FallBack::Allow => c::FallBack::Allow,
        FallBack::Never => c::FallBack::Never,
    }
}

pub(crate) fn fall_back_back(fall_back: c::FallBack) -> FallBack {
    match fall_back {
        c::FallBack::Ask => FallBack::Ask,
        c::FallBack::Allow => FallBack::Allow,
        c::FallBack::Never => FallBack::Never,
    }
}

pub(crate) fn policy(policy: &Policy) -> c::Policy {
    c::Policy {
        store_passwords: policy.store_passwords,
        require_https: policy.require_https,
        require_kerberos: policy.require_kerberos || policy.ntlm_only_with.is_some(),
        practice: policy.practice,
        file: policy.files.first().map(|file| file.display().to_string()).unwrap_or_default(),
        damaged: policy.damaged.as_deref().map(shown),
    }
}

/// A stamp that the page gives back. Its addresses are checked again: the page is not trusted with them.
pub(crate) fn stamp_back(stamp: &c::StampProfile) -> Result<Stamp, pep::Fault> {
    let addresses: Result<Vec<Address>, pep::Fault> = stamp
        .addresses
        .iter()
        .map(|address| {
            pep::address::parse(&Address { host: address.host.clone(), port: address.port }.to_string(), Origin::Typed)
        })
        .collect();
    Ok(Stamp {
        id: stamp.id.clone(),
        name: pep::profile::name(&stamp.name).unwrap_or_default(),
        region: stamp.region.clone(),
        netbios_domain: stamp.netbios_domain.clone(),
        dns_domain: stamp.dns_domain.clone(),
        external_domain: stamp.external_domain.clone(),
        cloud_id: stamp.cloud_id.clone(),
        deployment_id: stamp.deployment_id.clone(),
        version: stamp.version.clone(),
        addresses: addresses?,
        from_file: stamp.source == c::StampSource::File,
        last_used: stamp.last_used,
        accounts: Vec::new(),
        resource_manager: stamp.resource_manager.clone(),
        former_ids: Vec::new(),
        fall_back: fall_back_back(stamp.fall_back),
    })
}

/// What was found.
pub(crate) fn found(found: &Found, of: Stamp, relation: c::StampRelation) -> c::Found {
    let labels: Vec<&Address> = of.addresses.iter().collect();
    let candidates = found.candidates.iter().map(|candidate| {
        let place = labels.iter().position(|address| **address == candidate.address);
        c::FoundCandidate {
            address: c::EndpointAddress {
                host: candidate.address.host.clone(),
                port: candidate.address.port,
                label: place.map(|at| of.label(at)).unwrap_or_default(),
            },
            known: candidate.confidence == Confidence::Known,
            dialled: candidate.may_dial(),
            origins: candidate
                .origins
                .iter()
                .map(|origin| c::FoundOrigin { source: origin.source.name().to_owned(), from: shown(&origin.from) })
                .collect(),
        }
    });
    c::Found {
        candidates: candidates.collect(),
        learnt: found
            .learnt
            .iter()
            .map(|learnt| c::FoundFact { fact: learnt.fact.name().to_owned(), value: shown(&learnt.value) })
            .collect(),
        contradictions: found.contradictions().into_iter().map(|fact| fact.name().to_owned()).collect(),
        problems: found.problems.iter().map(|problem| fault(&problem.fault)).collect(),
        stamp: stamp(&of),
        relation,
    }
}

/// What a stamp is to those that are known, with the name that the person gave.
pub(crate) fn relation(relation: Relation, name: impl Fn(&str) -> Option<String>) -> c::StampRelation {
    let named = |id: String| (name(&id).unwrap_or_default(), id);
    match relation {
        Relation::New => c::StampRelation::New,
        Relation::Same { id, changed } => {
            let ((name, stamp_id), changed) = (named(id), changed.into_iter().map(str::to_owned).collect());
            c::StampRelation::Same { stamp_id, name, changed }
        }
        Relation::Bound { id } => {
            let (name, stamp_id) = named(id);
            c::StampRelation::Bound { stamp_id, name }
        }
        Relation::Redeployed { id } => {
            let (name, stamp_id) = named(id);
            c::StampRelation::Redeployed { stamp_id, name }
        }
        Relation::Unsure { id } => {
            let (name, stamp_id) = named(id);
            c::StampRelation::Unsure { stamp_id, name }
        }
    }
}

pub(crate) fn root(root: &arm::Root) -> c::RootOffer {
    c::RootOffer {
        subject: shown(&root.subject),
        valid_until: root.valid_until.clone(),
        sha256: root.fingerprint(),
        is_root: root.is_root(),
    }
}

pub(crate) fn address(address: &c::EndpointAddress) -> Address {
    Address { host: address.host.clone(), port: address.port }
}

pub(crate) fn names(names: &Names, since: Option<i64>) -> c::IdentityNames {
    c::IdentityNames {
        computer: names.computer.clone(),
        // A name that was proved has no short domain beside it.
        domain: if names.domain.is_empty() { names.dns_domain.clone() } else { names.domain.clone() },
        dns_computer: names.dns_computer.clone(),
        since,
    }
}

pub(crate) fn certificate(shown: &Shown, before: Option<KeyPin>) -> c::IdentityCertificate {
    c::IdentityCertificate {
        key: shown.key.to_string(),
        key_before: before.map(|key| key.to_string()),
        subject: shown.subject.clone(),
        issuer: shown.issuer.clone(),
        valid_until: shown.valid_until.clone(),
        vouched: shown.refused.is_none(),
    }
}

fn stage_name(stage: Stage) -> c::ProbeStageName {
    match stage {
        Stage::Name => c::ProbeStageName::Name,
        Stage::Route => c::ProbeStageName::Route,
        Stage::Port => c::ProbeStageName::Port,
        Stage::WinRm => c::ProbeStageName::WinRm,
        Stage::Negotiate => c::ProbeStageName::Negotiate,
    }
}

/// The check of an instance begins, or has passed a stage.
pub(crate) fn probing(address: &Address, passed: Option<Stage>) -> c::ProbeUpdate {
    let next = Stage::ALL.into_iter().find(|stage| passed.is_none_or(|passed| *stage > passed));
    probe_update(address, |stage| match next {
        Some(next) if stage == next => c::StageState::Running,
        Some(next) if stage > next => c::StageState::Waiting,
        _ => c::StageState::Done,
    })
}

/// Nobody waits for the check any more.
pub(crate) fn not_probed(address: &Address) -> c::ProbeUpdate {
    c::ProbeUpdate { done: true, ..probe_update(address, |_| c::StageState::Waiting) }
}

fn probe_update(address: &Address, state: impl Fn(Stage) -> c::StageState) -> c::ProbeUpdate {
    let stages = Stage::ALL.into_iter().map(|stage| c::ProbeStage { stage: stage_name(stage), state: state(stage) });
    c::ProbeUpdate {
        host: address.host.clone(),
        port: address.port,
        stages: stages.collect(),
        done: false,
        usable: false,
        trusted: false,
        took_ms: 0,
        limit_ms: milliseconds(pep::find::CONNECT_LIMIT),
        round_trip_ms: None,
        clock_ahead_s: None,
        server: None,
        schemes: Vec::new(),
        fault: None,
    }
}

pub(crate) fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The check of an instance is over.
pub(crate) fn looked(looked: &Looked) -> c::ProbeUpdate {
    let state = |stage| match looked.failed {
        Some(failed) if stage == failed => c::StageState::Failed,
        Some(failed) if stage > failed => c::StageState::Waiting,
        _ => c::StageState::Done,
    };
    c::ProbeUpdate {
        done: true,
        usable: looked.is_healthy(),
        took_ms: milliseconds(looked.took),
        round_trip_ms: looked.round_trip.map(milliseconds),
        clock_ahead_s: looked.clock_ahead_s,
        server: looked.server.as_deref().map(shown),
        schemes: looked.schemes.iter().map(|scheme| shown(scheme)).collect(),
        fault: looked.fault.as_ref().map(fault),
        ..probe_update(&looked.address, state)
    }
}

pub(crate) fn risk(risk: Risk) -> c::Risk {
    match risk {
        Risk::Read => c::Risk::Read,
        Risk::Change => c::Risk::Change,
        Risk::Destructive => c::Risk::Destructive,
        Risk::Session => c::Risk::Session,
    }
}

/// The questions that everyday cmdlets answer, as word keys.
fn question(cmdlet: &str) -> &'static str {
    match cmdlet {
        "Test-AzureStack" => "healthy",
        "Get-AzureStackLog" => "collectLogs",
        "Send-AzureStackDiagnosticLog" => "sendLogs",
        "Get-AzureStackStampInformation" => "whatStamp",
        "Get-ActionStatus" => "actionRunning",
        "Get-AzureStackUpdateStatus" => "updateRunning",
        "Get-SupportSessionInfo" => "sessionLocked",
        "Get-VirtualDisk" => "disks",
        "Get-SupportSessionToken" => "unlock",
        _ => "",
    }
}

pub(crate) fn catalogue(listed: Option<&[String]>) -> Vec<c::CatalogueEntry> {
    let is_listed = |name: &str| listed.map(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    // What wipes the whole stamp is not offered at all (pep-facts H20).
    let offered = pep::catalogue::all().iter().filter(|entry| entry.name != "Start-AzsCryptoWipe");
    let known = offered.map(|entry| c::CatalogueEntry {
        name: entry.name.clone(),
        group: entry.group.clone(),
        question: question(&entry.name).to_owned(),
        summary: entry.summary.clone(),
        risk: risk(entry.risk),
        duration: entry.typical_duration.clone(),
        guarded: pep::catalogue::is_guarded(&entry.name),
        everyday: entry.everyday,
        blocked_during_update: entry.blocked_during_update,
        pitfalls: entry.pitfalls.clone(),
        parameters: entry.parameters.iter().map(parameter).collect(),
        available: is_listed(&entry.name),
    });
    // What the endpoint lists and nobody has described.
    let unknown = listed.unwrap_or_default().iter().filter(|name| pep::catalogue::find(name).is_none()).map(|name| {
        c::CatalogueEntry {
            name: name.clone(),
            group: String::new(),
            question: String::new(),
            summary: String::new(),
            risk: risk(pep::catalogue::risk(name)),
            duration: String::new(),
            guarded: pep::catalogue::is_guarded(name),
            everyday: false,
            blocked_during_update: false,
            pitfalls: Vec::new(),
            parameters: Vec::new(),
            available: Some(true),
        }
    });
    known.chain(unknown).collect()
}

pub(crate) fn parameter(parameter: &pep::catalogue::Parameter) -> c::CatalogueParameter {
    c::CatalogueParameter {
        name: parameter.name.clone(),
        type_name: parameter.type_name.clone(),
        mandatory: parameter.mandatory,
        default: parameter.default.clone(),
        values: parameter.values.clone(),
        help: parameter.help.clone(),
    }
}

pub(crate) fn session(session: &PepSession) -> c::SessionSnapshot {
    let active = session.active_run();
    let state = match session.connection() {
        _ if session.is_closing() => c::SessionState::Closing,
        Connection::Ready if active.is_some() => c::SessionState::Running,
        Connection::Ready => c::SessionState::Ready,
        Connection::Retrying(left) => {
            c::SessionState::Retrying { give_up_in_s: u32::try_from(left).unwrap_or(u32::MAX) }
        }
        Connection::Lost(found) => c::SessionState::Lost { fault: fault(&found) },
        Connection::Closed => c::SessionState::Closed,
    };
    let checks = session.checks.iter().map(|check| c::EndpointCheck {
        check: check.check.to_owned(),
        passed: check.passed,
        seen: check.seen.clone(),
    });
    c::SessionSnapshot {
        id: session.id.clone(),
        stamp_id: session.stamp_id.clone(),
        address: c::EndpointAddress {
            host: session.address.host.clone(),
            port: session.address.port,
            label: session.computer.computer.clone(),
        },
        computer: session.computer.computer.clone(),
        account: session.account.clone(),
        opened: session.opened,
        state,
        commands: session.commands.clone(),
        checks: checks.collect(),
        record_path: session.record_path().display().to_string(),
        practice: session.practice,
        way: if session.by_name { c::SignInWay::ByName } else { c::SignInWay::Ntlm },
        fell_back: session.fell_back.as_ref().map(fault),
        active_run: active.map(|id| id.to_string()),
        fewer_connections: session.fewer_connections().as_ref().map(fault),
        record_fault: session.record_fault().as_ref().map(fault),
        runs: u32::try_from(session.runs()).unwrap_or(u32::MAX),
        kept_for_s: session.kept_for().map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
    }
}

pub(crate) fn summary(session: &PepSession, summary: Summary) -> c::Summary {
    let commands = summary.ran.into_iter().map(|ran| c::SummaryCommand {
        risk: pep::catalogue::find(&ran.cmdlet).map_or(c::Risk::Change, |entry| risk(entry.risk)),
        text: ran.text,
        outcome: ran.outcome.map_or(c::RunOutcome::Unknown, outcome),
        seconds: u32::try_from(ran.seconds).unwrap_or(u32::MAX),
        errors: ran.errors,
        warnings: ran.warnings,
        checks: ran.checks,
        checks_failed: ran.checks_failed,
    });
    c::Summary {
        transcripts: summary.transcripts,
        share: summary.share,
        computer: session.computer.computer.clone(),
        domain: session.computer.domain.clone(),
        account: session.account.clone(),
        opened: session.opened,
        closed: summary.closed,
        commands: commands.collect(),
        record_id: session.id.clone(),
        record_path: summary.record.display().to_string(),
        head_hash: summary.head,
        practice: session.practice,
    }
}

fn outcome(outcome: Outcome) -> c::RunOutcome {
    match outcome {
        Outcome::Completed => c::RunOutcome::Completed,
        Outcome::Failed => c::RunOutcome::Failed,
        Outcome::Stopped => c::RunOutcome::Stopped,
        Outcome::Unknown => c::RunOutcome::Unknown,
    }
}

pub(crate) fn run_spec(run: c::RunSpec) -> RunSpec {
    let parameters = run.parameters.into_iter().map(|(name, value)| (name, parameter_value(value)));
    RunSpec { cmdlet: run.cmdlet, parameters: parameters.collect() }
}

fn secret(entry: Option<c::PasswordEntry>) -> Option<Secret> {
    entry.map(|entry| Secret::from(entry.into_text()))
}

fn parameter_value(value: c::ParameterValue) -> ParameterValue {
    match value {
        c::ParameterValue::Text { value } => ParameterValue::Text(value),
        c::ParameterValue::List { values } => ParameterValue::List(values),
        c::ParameterValue::Number { value } => ParameterValue::Number(value),
        c::ParameterValue::Switch { on } => ParameterValue::Switch(on),
        c::ParameterValue::Moment { value } => ParameterValue::Moment(value),
        c::ParameterValue::Credential { account, password } => ParameterValue::Credential(account, secret(password)),
        c::ParameterValue::Secret { password } => ParameterValue::Secret(secret(password)),
    }
}

pub(crate) fn preview(spec: &RunSpec) -> c::RunPreview {
    let parts = spec.parts().into_iter().map(|part| c::PreviewPart {
        text: part.text,
        role: match part.role {
            Role::Cmdlet => c::PreviewRole::Cmdlet,
            Role::Parameter => c::PreviewRole::Parameter,
            Role::Value => c::PreviewRole::Value,
            Role::Secret => c::PreviewRole::Secret,
        },
        explanation: part.explanation,
    });
    let faults = spec
        .faults()
        .into_iter()
        .map(|fault| c::ParameterFault { parameter: fault.parameter, reason: fault.reason.to_owned() });
    let warnings = pep::catalogue::find(&spec.cmdlet).map(|entry| entry.pitfalls.clone()).unwrap_or_default();
    c::RunPreview {
        text: spec.text(),
        parts: parts.collect(),
        risk: risk(spec.risk()),
        guarded: pep::catalogue::is_guarded(&spec.cmdlet),
        warnings,
        faults: faults.collect(),
    }
}

/// A batch for the page: at most so many characters; lines that do not fit come with the next one.
pub(crate) fn batch(run_id: &str, number: u64, view: RunView, most: usize) -> c::RunBatch {
    let mut characters = 0;
    let items = view.items.into_iter().take_while(|item| {
        characters += item.text.len();
        characters <= most || characters == item.text.len()
    });
    let items = items.map(|item| c::RunItem {
        seq: item.seq,
        at_ms: item.at_ms,
        stream: match item.stream {
            ItemStream::Output => c::RunStream::Output,
            ItemStream::Error => c::RunStream::Error,
            ItemStream::Warning => c::RunStream::Warning,
            ItemStream::Verbose => c::RunStream::Verbose,
            ItemStream::Debug => c::RunStream::Debug,
            ItemStream::Information => c::RunStream::Information,
            ItemStream::Note => c::RunStream::Note,
        },
        text: item.text,
    });
    let progress = view.progress.into_iter().map(|progress| c::RunProgress {
        activity: progress.activity,
        status: progress.status,
        percent: progress.percent,
        seconds_remaining: progress.seconds_remaining,
    });
    let state = match view.end {
        Some(end) => c::RunState::Ended {
            result: c::RunResult {
                outcome: outcome(end.outcome),
                seconds: u32::try_from(end.seconds).unwrap_or(u32::MAX),
                verdicts: end.verdicts.into_iter().map(verdict).collect(),
                errors: end.errors,
                warnings: end.warnings,
                lines: view.total,
                fault: end.fault.as_ref().map(fault),
                stamp: None,
            },
        },
        None if view.stopping => c::RunState::Stopping,
        None => c::RunState::Running,
    };
    c::RunBatch {
        run_id: run_id.to_owned(),
        cmdlet: view.cmdlet,
        text: view.text,
        started_ms: view.started_ms,
        heard_ms: view.heard_ms,
        warnings: view.warnings,
        errors: view.errors,
        batch: number,
        items: items.collect(),
        total: view.total,
        dropped_from_view: view.dropped,
        progress: progress.collect(),
        prompt: view.question.map(|question| prompt(&question)),
        state,
    }
}

fn verdict(verdict: pep::verdict::CheckVerdict) -> c::Verdict {
    c::Verdict {
        title: verdict.title,
        result: match verdict.result {
            CheckResult::Pass => c::VerdictResult::Pass,
            CheckResult::Warn => c::VerdictResult::Warn,
            CheckResult::Fail => c::VerdictResult::Fail,
            CheckResult::Skip => c::VerdictResult::Skip,
        },
        details: verdict.details,
    }
}

fn prompt(question: &pep::session::Question) -> c::Prompt {
    let field = |field: &FormField| c::PromptField {
        name: field.name.clone(),
        label: shown(&field.label),
        help: shown(&field.help),
        input: match field.input {
            FormInput::Text => c::PromptInput::Text,
            FormInput::Number => c::PromptInput::Number,
            FormInput::Secret => c::PromptInput::Secret,
            FormInput::Credential => c::PromptInput::Credential,
            FormInput::List => c::PromptInput::List,
        },
        mandatory: field.mandatory,
    };
    let choices = |list: &[(String, String)]| -> Vec<c::PromptChoice> {
        list.iter().map(|(label, help)| c::PromptChoice { label: shown(label), help: shown(help) }).collect()
    };
    let form = match &question.form {
        Form::Fields(fields) => c::PromptForm::Fields { fields: fields.iter().map(field).collect() },
        Form::Single(one) => c::PromptForm::Fields { fields: vec![field(one)] },
        Form::Choice { choices: list, default } => c::PromptForm::Choice { choices: choices(list), default: *default },
        Form::Choices { choices: list, defaults } => {
            c::PromptForm::Choices { choices: choices(list), defaults: defaults.clone() }
        }
    };
    c::Prompt { call: question.call, caption: shown(&question.caption), message: shown(&question.message), form }
}

pub(crate) fn answer(answer: c::PromptAnswer) -> Answer {
    match answer {
        c::PromptAnswer::Refuse => Answer::Refuse,
        c::PromptAnswer::Chosen { choices } => Answer::Chosen(choices),
        c::PromptAnswer::Fields { values } => {
            let empty = || Secret::from(String::new());
            let filled = values.into_iter().map(|(name, value)| {
                let value = match parameter_value(value) {
                    ParameterValue::Text(text) | ParameterValue::Moment(text) => Filled::Text(text),
                    ParameterValue::Number(number) => Filled::Number(number),
                    ParameterValue::List(texts) => Filled::List(texts),
                    ParameterValue::Switch(on) => Filled::Text(on.to_string()),
                    ParameterValue::Secret(secret) => Filled::Secret(secret.unwrap_or_else(empty)),
                    ParameterValue::Credential(user, password) => {
                        Filled::Credential(user, password.unwrap_or_else(empty))
                    }
                };
                (name, value)
            });
            Answer::Fields(filled.collect())
        }
    }
}
