//! Whole sessions on a fake clock, by seed: requests and answers that are lost, slow or come twice, connections that are cut,
//! lanes that overtake each other, sign-ins that are forgotten, readers that pause, people who answer questions late or not
//! at all, who stop, leave and come back, and crashes at any moment, after which another process takes over from what was
//! written down.
//!
//! 200 seeds run with the other tests, `cargo xtask simulate [N] [SEED]` runs as many as it is told. What must hold is in
//! `course.rs` and here: a command is carried out at most once and never unwritten, a run has exactly one final state, no
//! record comes twice, out of order or is missing without a word, what waits for a reader is bounded, everything comes to an
//! end, and no shell is left behind. A seed gives the same trace every time, to the byte and in any process.
//!
//! Questions for secrets, and with them key exchanges, have seeds of their own: the keys of RSA are made by the operating
//! system's chance, so that these sessions take the same course again, but not to the byte. Sign-ins by name,
//! whose tickets expire in the middle of everything, have theirs, too: tickets are got on a thread of their own.

mod chance;
mod course;
mod notes;
mod process;
mod trace;

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub(crate) use chance::Weather;
use course::{Seen, judge, seen};
use notes::{Notes, Pen};
use practice::Scenario;
pub(crate) use process::answer;
use process::{ANSWERED, EXCHANGED, Ended, FEW, Life, start};
use psrp::{Command, Event};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
pub(crate) use trace::Trace;
use trace::hex;
use winrm::SessionEvent;

use crate::faulty::Stage;

/// What runs: slowly, much at once, quickly, with questions, and with a question for a secret.
const COMMANDS: [&str; 5] =
    ["Test-AzureStack", "Get-StorageJob", "Get-ActionStatus", "Get-ClusterLog", "Get-TLSPolicy"];
/// Those that need no secret.
const PUBLIC: u64 = 4;
/// The size of answers that is asked for. Small, so that there are many of them.
const ENVELOPE: u32 = 8192;
/// Lines of the command that gives much at once; more than may wait for a reader.
const LINES: usize = 400;

/// The healthy stamp, with a command that gives much at once.
static SCENARIO: LazyLock<Scenario> = LazyLock::new(|| {
    let steps: Vec<String> =
        (0..LINES).map(|line| format!(r#"{{ "output": "line {line} {}" }}"#, ".".repeat(300))).collect();
    let questions: Vec<String> = (0..4)
        .map(|node| {
            format!(
                r#"{{ "output": "node {node}" }}, {{ "prompt": {{ "name": "Node{node}", "type": "String" }} }}, {{ "seconds": 20 }}, {{ "output": "log of {{Node{node}}}" }}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{ "title": "t", "what": "w", "based_on": "healthy", "commands": {{
            "Get-StorageJob": [{{ "steps": [{}] }}],
            "Get-ClusterLog": [{{ "steps": [{}] }}],
            "Get-TLSPolicy": [{{ "steps": [{{ "output": "who" }}, {{ "prompt": {{ "name": "Code", "type": "SecureString" }} }}, {{ "output": "in" }}] }}]
        }} }}"#,
        steps.join(","),
        questions.join(",")
    );
    Scenario::parse("simulation", &text).unwrap()
});

/// What each command gives when nothing goes wrong.
static WANTED: LazyLock<Vec<Vec<Seen>>> = LazyLock::new(|| {
    on_a_fake_clock().block_on(async {
        let trace = Arc::default();
        let stage = Stage::seeded(SCENARIO.clone(), 0, &trace);
        let (handle, mut events) =
            start(&stage, &Arc::new(Pen::new(&Arc::new(Notes::default()), &trace)), 0, None).await.unwrap();
        let mut wanted = Vec::new();
        for command in COMMANDS {
            let id = handle.invoke(Command::new(command).into()).await.unwrap();
            let mut records = Vec::new();
            loop {
                match events.next().await.unwrap() {
                    SessionEvent::Pool(Event::Record { stream, value, .. }) => records.push(seen(stream, &value)),
                    SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => {
                        handle.answer(pipeline, call.id, answer(&call)).await.unwrap();
                    }
                    SessionEvent::Pool(Event::PipelineState { pipeline, state, .. })
                        if pipeline == id && state.is_final() =>
                    {
                        break;
                    }
                    _ => {}
                }
            }
            wanted.push(records);
        }
        wanted
    })
});

fn on_a_fake_clock() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// What a simulation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Everything,
    Secrets,
    /// Sign-ins by name, whose tickets expire
    Tickets,
}

/// What came of a seed.
struct Simulated {
    outcome: Result<(), String>,
    hash: [u8; 32],
    lines: Vec<String>,
}

/// One seed, from the first opening until nothing is left on the endpoint.
async fn live(seed: u64, trace: &Arc<Trace>, about: About) -> Result<(), String> {
    let choice = if about == About::Secrets { COMMANDS.len() as u64 } else { PUBLIC };
    let mut life = Life::new(seed, trace, choice);
    let stage = Stage::seeded(SCENARIO.clone(), !seed, trace);
    // Every other endpoint is too old to know retransmissions.
    stage.pep().keep_answers(life.dice.one_in(2));
    for number in 0.. {
        let process = stage.another_process();
        // Who comes last has a calm day, and no excuse.
        let last = number == 3;
        let weather = seed.rotate_left(7).wrapping_add(number);
        process.weather(if last { Weather::fair(weather) } else { Weather::bad(weather) });
        if about == About::Tickets {
            process.tickets().valid_until((!last).then(|| Instant::now() + life.dice.seconds(0, 100)));
        }
        let crash = (!last && life.dice.one_in(3)).then(|| life.dice.seconds(0, 40));
        let ended = life.process(&process, number, crash).await?;
        match &ended {
            Ended::Closed | Ended::NoShell => {
                let mut written = life.notes.written();
                written.pool = None;
                written.pipelines.clear();
                if stage.pep().open_shells() > 0 {
                    return Err(format!("process {number} ended with {ended:?} and left a shell behind"));
                }
                break;
            }
            other if last => return Err(format!("on a calm day: {other:?}")),
            _ => {}
        }
        // Whoever crashed or lost its session is started again a moment later.
        tokio::time::sleep(life.dice.seconds(0, 20)).await;
    }
    let begun = stage.pep().begun();
    for id in &begun {
        if !life.notes.written().started.contains(id) {
            return Err(format!("{id:?} was carried out and never written down"));
        }
        if life.refused.contains(id) {
            return Err(format!("{id:?} was refused and carried out"));
        }
    }
    for (id, (which, courses)) in &life.runs {
        let times = begun.iter().filter(|other| *other == id).count();
        judge(courses, &WANTED[*which], times).map_err(|what| format!("{} {id:?}: {what}", COMMANDS[*which]))?;
    }
    Ok(())
}

fn simulate(seed: u64, with_lines: bool, about: About) -> Simulated {
    // Before the clock of this seed is made
    LazyLock::force(&WANTED);
    on_a_fake_clock().block_on(async {
        let trace = Arc::new(Trace::begin(with_lines));
        let day = Duration::from_secs(24 * 3600);
        let outcome = tokio::time::timeout(day, live(seed, &trace, about)).await;
        let outcome = outcome.unwrap_or_else(|_| Err("no end within a day".to_owned()));
        let (hash, lines) = trace.end();
        Simulated { outcome, hash, lines }
    })
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The hash of all traces from this seed on, and what was wrong. Several threads share the work, each seed its own clock.
fn simulate_all(first: u64, count: u64, about: About) -> (String, Vec<String>) {
    let next = AtomicU64::new(first);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, SeqCst);
            if seed >= first + count {
                return done;
            }
            let simulated = simulate(seed, false, about);
            done.push((seed, simulated.hash, simulated.outcome));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    done.sort_by_key(|(seed, ..)| *seed);
    let hash = done.iter().fold(Sha256::new(), |hash, (_, trace, _)| hash.chain_update(trace)).finalize();
    let wrong = done.into_iter().filter_map(|(seed, trace, outcome)| {
        let what = outcome.err()?;
        Some(format!("seed {seed}, trace {}: {what}\n  again: cargo xtask simulate 1 {seed}", &hex(&trace)[..16]))
    });
    (hex(&hash), wrong.collect())
}

#[test]
fn sessions_in_bad_weather() {
    assert!(WANTED[0].len() > 60, "{}", WANTED[0].len());
    assert_eq!(WANTED[1].len(), LINES);
    let (first, count) = (number("PEP_SIMULATE_SEED", 1), number("PEP_SIMULATE", 200));
    if count == 1 {
        let Simulated { hash, lines, .. } = simulate(first, true, About::Everything);
        println!("{}\ntrace of seed {first}: {}", lines.join("\n"), hex(&hash));
    }
    let before = ANSWERED.load(SeqCst);
    let (hash, wrong) = simulate_all(first, count, About::Everything);
    let answered = ANSWERED.load(SeqCst) - before;
    assert!(count < 50 || answered > count / 2, "{answered} questions were answered");
    println!("traces of {count} seeds from {first} on: {hash}");
    assert!(wrong.is_empty(), "{} of {count} seeds:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn sessions_with_secrets_in_bad_weather() {
    // An exchange makes a key, which takes its time.
    let (first, count) = (number("PEP_SIMULATE_SEED", 1), number("PEP_SIMULATE", 200).div_ceil(4));
    let (_, wrong) = simulate_all(first, count, About::Secrets);
    let exchanged = EXCHANGED.load(SeqCst);
    assert!(count < 50 || exchanged > count / 4, "{exchanged} keys were exchanged");
    assert!(wrong.is_empty(), "{} of {count} seeds:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn sessions_whose_tickets_expire_in_bad_weather() {
    let (first, count) = (number("PEP_SIMULATE_SEED", 1), number("PEP_SIMULATE", 200).div_ceil(2));
    let (_, wrong) = simulate_all(first, count, About::Tickets);
    let few = FEW.load(SeqCst);
    assert!(count < 50 || few > count / 4, "{few} sessions went on without further connections");
    assert!(wrong.is_empty(), "{} of {count} seeds:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_seed_gives_the_same_trace_again_here_and_in_another_process() {
    let (first, count) = (1, 24);
    let (here, _) = simulate_all(first, count, About::Everything);
    let (again, _) = simulate_all(first, count, About::Everything);
    assert_eq!(here, again, "the second time");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["simulation::sessions_in_bad_weather", "--exact", "--nocapture"])
        .env("PEP_SIMULATE_SEED", first.to_string())
        .env("PEP_SIMULATE", count.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let there = text.lines().find_map(|line| line.strip_prefix(&format!("traces of {count} seeds from {first} on: ")));
    assert_eq!(there, Some(here.as_str()), "in another process: {text}");
    assert_ne!(simulate_all(first + 1, count, About::Everything).0, here, "other seeds");
}
