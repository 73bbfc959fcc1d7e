//! One running pipeline: what its commands write, ask and wait for.

use std::sync::Arc;

use clixml::{DateTime, Object, PsString, Value};
use psrp::client::RecordStream;
use psrp::host::{Choice, Field, HostMethod};
use psrp::records::{ErrorInfo, information_record, informational_record, progress_record};
use psrp::server::{CommandRequest, HostReply, PipelineRequest};
use psrp::{PipelineId, PipelineState};
use tokio::sync::mpsc;

use crate::binder::{Bound, bind, missing};
use crate::commands::{self, CommandInfo};
use crate::shell::Shell;
use crate::{cmdlets, play};

/// How a command ends early.
pub(crate) enum End {
    /// With a terminating error.
    Failed(Box<ErrorInfo>),
    /// Because its shell is gone.
    Gone,
}

impl From<ErrorInfo> for End {
    fn from(error: ErrorInfo) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// What a command sees of its pipeline.
pub(crate) struct Context {
    pub(crate) shell: Arc<Shell>,
    pub(crate) id: PipelineId,
    /// The output goes to the next command, not to the client.
    captured: Option<Vec<Value>>,
    /// Errors go where the output goes.
    errors_to_output: bool,
}

/// Runs a pipeline to its end and reports its final state.
pub(crate) async fn run(
    shell: Arc<Shell>,
    id: PipelineId,
    request: PipelineRequest,
    input: mpsc::UnboundedReceiver<Value>,
) {
    let mut context = Context { shell: Arc::clone(&shell), id, captured: None, errors_to_output: false };
    let (state, error) = match run_all(&mut context, request, input).await {
        Ok(()) => (PipelineState::Completed, None),
        Err(End::Failed(error)) => (PipelineState::Failed, Some(error.to_value())),
        Err(End::Gone) => return,
    };
    shell.finish(id, state, error.as_ref());
}

async fn run_all(
    context: &mut Context,
    request: PipelineRequest,
    mut input: mpsc::UnboundedReceiver<Value>,
) -> Result<(), End> {
    for command in request.statements.iter().flatten() {
        if command.is_script {
            return Err(ErrorInfo::scripts_not_allowed(&command.name).into());
        }
        if commands::find(&command.name).is_none() {
            return Err(ErrorInfo::command_not_found(&command.name).into());
        }
    }
    let mut first = Vec::new();
    if !request.no_input {
        while let Some(value) = input.recv().await {
            first.push(value);
        }
    }
    for statement in &request.statements {
        let mut given = std::mem::take(&mut first);
        for (number, command) in statement.iter().enumerate() {
            let last = number + 1 == statement.len();
            context.captured = (!last).then(Vec::new);
            context.errors_to_output = command.errors_to_output;
            run_command(context, command, given).await?;
            given = context.captured.take().unwrap_or_default();
        }
    }
    Ok(())
}

async fn run_command(context: &mut Context, command: &CommandRequest, input: Vec<Value>) -> Result<(), End> {
    let Some(info) = commands::find(&command.name) else {
        return Err(ErrorInfo::command_not_found(&command.name).into());
    };
    let mut bound = bind(info, command)?;
    ask_for_missing(context, info, &mut bound).await?;
    if cmdlets::run(context, info, &bound, input).await? {
        return Ok(());
    }
    play::run(context, info, &mut bound).await
}

/// Asks for missing mandatory parameters as PowerShell does: one form, then a line for each value.
async fn ask_for_missing(context: &mut Context, info: &CommandInfo, bound: &mut Bound) -> Result<(), End> {
    let missing = missing(info, bound);
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|parameter| parameter.name.as_str()).collect();
    let fields: Vec<(&str, &str)> =
        missing.iter().map(|parameter| (parameter.name.as_str(), parameter.type_name.as_str())).collect();
    let caption = format!("cmdlet {} at command pipeline position 1", info.name);
    let answers = context.prompt(&caption, "Supply values for the following parameters:", &fields).await;
    let refused = |name: &str| ErrorInfo {
        message: format!("Cannot process command because of one or more missing mandatory parameters: {name}."),
        id: format!("MissingMandatoryParameter,{}", info.name),
        category: 5,
        exception: "ParameterBindingException".into(),
        target: Value::Null,
        activity: info.name.clone(),
    };
    let Some(answers) = answers? else { return Err(refused(&names.join(" ")).into()) };
    let request = CommandRequest {
        parameters: answers.into_iter().map(|(name, value)| (Some(PsString::from(name)), value)).collect(),
        ..CommandRequest::default()
    };
    let given = bind(info, &request)?;
    for name in names {
        let value = given.get(name).cloned().ok_or_else(|| refused(name))?;
        bound.set(name, value);
    }
    Ok(())
}

impl Context {
    /// Writes to the output.
    pub(crate) async fn output(&mut self, value: Value) -> Result<(), End> {
        match &mut self.captured {
            Some(captured) => captured.push(value),
            None => {
                self.shell.room(self.id).await.ok_or(End::Gone)?;
                self.record(RecordStream::Output, &value);
            }
        }
        Ok(())
    }

    /// Writes a non-terminating error.
    pub(crate) async fn error(&mut self, error: &ErrorInfo) -> Result<(), End> {
        if self.errors_to_output {
            return self.output(error.to_value()).await;
        }
        self.record(RecordStream::Error, &error.to_value());
        Ok(())
    }

    /// Writes a line for the screen: a record, and the call that shows it.
    pub(crate) fn host_line(&self, text: &str, color: Option<i32>) {
        let (computer, user) = self.shell.names();
        let record = information_record(text, true, color, self.shell.now(), &computer, &user);
        self.record(RecordStream::Information, &record);
        match color {
            Some(color) => self.call(HostMethod::WRITE_LINE3, vec![color.into(), 0.into(), text.into()]),
            None => self.call(HostMethod::WRITE_LINE2, vec![text.into()]),
        }
    }

    /// Writes a warning.
    pub(crate) fn warning(&self, text: &str) {
        self.record(RecordStream::Warning, &informational_record("WarningRecord", text));
        self.call(HostMethod::WRITE_WARNING_LINE, vec![text.into()]);
    }

    /// Writes a verbose line.
    pub(crate) fn verbose(&self, text: &str) {
        self.record(RecordStream::Verbose, &informational_record("VerboseRecord", text));
        self.call(HostMethod::WRITE_VERBOSE_LINE, vec![text.into()]);
    }

    /// Tells progress.
    pub(crate) fn progress(&self, activity: &str, status: &str, percent: i32, completed: bool) {
        let record = progress_record(activity, status, percent, completed);
        self.record(RecordStream::Progress, &record);
        self.call(HostMethod::WRITE_PROGRESS, vec![0_i64.into(), record]);
    }

    /// Calls the host without waiting for anything.
    pub(crate) fn call(&self, method: HostMethod, parameters: Vec<Value>) {
        if self.shell.has_console() {
            self.shell.with_pool(|pool| pool.host_call(Some(self.id), method, parameters));
        }
    }

    /// Asks for fields; `None` when the person refused.
    pub(crate) async fn prompt(
        &self,
        caption: &str,
        message: &str,
        fields: &[(&str, &str)],
    ) -> Result<Option<Vec<(String, Value)>>, End> {
        let fields = fields.iter().map(|(name, type_name)| {
            let full = match *type_name {
                "PSCredential" => "System.Management.Automation.PSCredential",
                "SecureString" => "System.Security.SecureString",
                "String[]" => "System.String[]",
                "Int32" => "System.Int32",
                _ => "System.String",
            };
            let label = format!("&{name}");
            Field {
                name: (*name).into(),
                label,
                type_name: full.into(),
                help: String::new(),
                mandatory: true,
                default: Value::Null,
            }
            .to_value()
        });
        let parameters = vec![caption.into(), message.into(), Object::list(fields.collect()).into()];
        Ok(self.ask(HostMethod::PROMPT, parameters).await?.map(|answer| {
            answer
                .entries()
                .unwrap_or_default()
                .iter()
                .map(|(name, value)| (name.to_display(), value.clone()))
                .collect()
        }))
    }

    /// Asks for one of several choices; `None` when the person refused.
    pub(crate) async fn choice(
        &self,
        caption: &str,
        message: &str,
        labels: &[String],
        default: i32,
    ) -> Result<Option<i32>, End> {
        let choices =
            labels.iter().map(|label| Choice { label: label.clone(), help: String::new() }.to_value()).collect();
        let parameters = vec![caption.into(), message.into(), Object::list(choices).into(), default.into()];
        Ok(self.ask(HostMethod::PROMPT_FOR_CHOICE, parameters).await?.and_then(|answer| answer.as_i32()))
    }

    async fn ask(&self, method: HostMethod, parameters: Vec<Value>) -> Result<Option<Value>, End> {
        if !self.shell.has_console() {
            return Ok(None);
        }
        let answer = self.shell.ask(self.id, method, parameters);
        match answer.await.map_err(|_| End::Gone)? {
            HostReply::Value(value) => Ok(Some(value)),
            HostReply::Void | HostReply::Error(_) => Ok(None),
        }
    }

    fn record(&self, stream: RecordStream, value: &Value) {
        self.shell.with_pool(|pool| pool.record(self.id, stream, value));
    }

    /// Lets practice time pass.
    pub(crate) async fn pass(&self, seconds: f64) {
        self.shell.clock().pass(seconds).await;
    }
}

/// The moment as CLIXML writes it, with the zone as an offset.
pub(crate) fn moment(seconds: i64) -> DateTime {
    let utc = DateTime::from_unix(seconds, 0).map_or(0, DateTime::ticks);
    DateTime::from_ticks(utc, clixml::Zone::Offset(0)).unwrap_or_else(|| {
        // The year 1; the clock of a machine that far off is as good as any.
        DateTime::parse("0001-01-01T00:00:00+00:00").unwrap_or_else(|| unreachable!("a constant that can be read"))
    })
}
