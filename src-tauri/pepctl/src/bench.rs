//! Measures a session, for comparison with other clients against the same server.

use std::time::{Duration, Instant};

use psrp::{Command, Event, Pipeline, PipelineState};
use serde_json::{Value as Json, json};
use winrm::{EventStream, SessionEvent, SessionHandle, Stats};

use crate::args::{BenchArguments, ConnectionArguments};
use crate::connect;
use crate::exit::{Code, Failure};
use crate::usage::{cpu_seconds, peak_rss_kib, reset_peak};

struct Flood {
    count: u32,
    size: u32,
    kind: String,
}

/// Runs all measurements and gives the one JSON object.
pub(crate) async fn bench(connection: &ConnectionArguments, arguments: &BenchArguments) -> Result<Json, Failure> {
    let floods = arguments.floods.iter().map(|text| flood(text)).collect::<Result<Vec<_>, _>>()?;
    let mut open_ms = Vec::new();
    let mut open_cpu = Vec::new();
    let mut commands_ms = Vec::new();
    let mut small = (Vec::new(), Vec::new());
    let mut measured: Vec<[Vec<Json>; 4]> = floods.iter().map(|_| Default::default()).collect();
    let mut trips = Trips::default();
    for _ in 0..arguments.runs {
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let (handle, mut events, _) = connect::open(connection, &Stats::default(), |_, _| {}).await?;
        open_ms.push(milliseconds(started.elapsed()));
        open_cpu.push(cpu_seconds() - cpu);
        trips.open.push(handle.stats().counts().round_trips());

        let before = handle.stats().counts().round_trips();
        run(&handle, &mut events, Command::new("Get-Command").into(), |_| {}).await?;
        commands_ms.push(milliseconds(started.elapsed()));
        trips.commands.push(handle.stats().counts().round_trips() - before);

        let before = handle.stats().counts().round_trips();
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        for _ in 0..arguments.small {
            let command = match arguments.command.as_str() {
                "Test-Echo" => Command::new("Test-Echo").parameter("Value", 7),
                name => Command::new(name),
            };
            run(&handle, &mut events, command.into(), |_| {}).await?;
        }
        small.0.push(wall.elapsed().as_secs_f64());
        small.1.push(cpu_seconds() - cpu);
        trips.small.push(handle.stats().counts().round_trips() - before);

        let mut of_run = Vec::new();
        for (flood, [walls, cpus, sizes, peaks]) in floods.iter().zip(&mut measured) {
            let before = handle.stats().counts();
            reset_peak();
            let (wall, cpu) = (Instant::now(), cpu_seconds());
            let command = Command::new("Test-Flood")
                .parameter("Count", i32::try_from(flood.count).unwrap_or(i32::MAX))
                .parameter("Size", i32::try_from(flood.size).unwrap_or(i32::MAX))
                .parameter("Kind", flood.kind.as_str());
            let mut count = 0_u32;
            run(&handle, &mut events, command.into(), |_| count += 1).await?;
            if count != flood.count {
                let text = format!("{count} records came instead of {}", flood.count);
                return Err(Failure::new(Code::Protocol, text));
            }
            let after = handle.stats().counts();
            walls.push(wall.elapsed().as_secs_f64().into());
            cpus.push((cpu_seconds() - cpu).into());
            sizes.push((after.bytes_in - before.bytes_in).into());
            peaks.push(peak_rss_kib().into());
            of_run.push(after.round_trips() - before.round_trips());
        }
        trips.floods.push(of_run);
        handle.close().await.map_err(|error| Failure::new(Code::Protocol, error.to_string()))?;
    }
    let floods: Vec<Json> = floods
        .iter()
        .zip(measured)
        .map(|(flood, [wall, cpu, bytes, peak])| {
            json!({
                "count": flood.count, "size": flood.size, "kind": flood.kind,
                "wall_s": wall, "cpu_s": cpu, "bytes": bytes, "peak_rss_kib": peak,
            })
        })
        .collect();
    Ok(json!({
        "open_ms": open_ms,
        "open_cpu_s": open_cpu,
        "commands_ms": commands_ms,
        "small": { "n": arguments.small, "command": arguments.command, "wall_s": small.0, "cpu_s": small.1, "peak_rss_kib": peak_rss_kib() },
        "floods": floods,
        "round_trips": {
            "open": trips.open, "commands": trips.commands, "small": trips.small, "floods": trips.floods,
        },
    }))
}

#[derive(Default)]
struct Trips {
    open: Vec<u64>,
    commands: Vec<u64>,
    small: Vec<u64>,
    floods: Vec<Vec<u64>>,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// `COUNTxSIZE[:Kind]`
fn flood(text: &str) -> Result<Flood, Failure> {
    let (sizes, kind) = text.split_once(':').unwrap_or((text, "String"));
    let parsed = sizes.split_once(['x', 'X']).and_then(|(count, size)| Some((count.parse().ok()?, size.parse().ok()?)));
    match (parsed, kind) {
        (Some((count, size)), "String" | "Object" | "Bytes") => Ok(Flood { count, size, kind: kind.to_owned() }),
        _ => Err(Failure::usage(format!("--flood {text}: COUNTxSIZE[:String|Object|Bytes] is needed"))),
    }
}

/// Runs one pipeline to its end and counts its output.
async fn run(
    handle: &SessionHandle,
    events: &mut EventStream,
    pipeline: Pipeline,
    mut record: impl FnMut(&clixml::Value),
) -> Result<(), Failure> {
    let failed = |text: String| Failure::new(Code::Protocol, text);
    let id = handle.invoke(pipeline).await.map_err(|error| failed(error.to_string()))?;
    while let Some(event) = events.next().await {
        match event {
            SessionEvent::Pool(Event::Record { pipeline, value, stream: psrp::RecordStream::Output })
                if pipeline == id =>
            {
                record(&value);
            }
            SessionEvent::Pool(Event::PipelineState { pipeline, state, error, .. })
                if pipeline == id && state.is_final() =>
            {
                if state == PipelineState::Completed {
                    return Ok(());
                }
                let error = error.map(|error| psrp::records::ErrorRecord::from_value(&error).message);
                return Err(Failure::new(Code::Failed, error.unwrap_or_else(|| format!("{state:?}"))));
            }
            _ => {}
        }
    }
    Err(failed("the session has ended".to_owned()))
}
