//! Combinations of faults that nobody lists one by one. The oracle is the same for all of them: nothing runs twice, nothing that
//! was lost is hidden, no shell is left without saying so, the peer has nothing to note, and the driver ends by itself.
//!
//! A part of them runs with the other tests; `cargo xtask sweep` runs all of them, and as many random ones as it is told.

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

/// One way to break things.
struct Case {
    settings: Value,
    rules: Vec<Value>,
    /// The endpoint keeps the shell whatever a client does.
    shell_may_stay: bool,
}

impl Case {
    fn rule(rule: Value) -> Self {
        Self { settings: json!({}), rules: vec![rule], shell_may_stay: false }
    }

    fn name(&self) -> String {
        format!("settings {}, rules {}", self.settings, Value::from(self.rules.clone()))
    }
}

const RECORDS: usize = 300;

/// Runs three commands while things break, and looks at both ends.
fn carry_out(peer: &Peer, case: &Case, number: usize) -> Result<(), String> {
    peer.control(json!({ "kill_shell": "*" }));
    peer.control(json!({ "reset": true }));
    peer.control(json!({ "set": case.settings, "rules": case.rules }));
    let texts = [format!("before {number} grüße \u{1F600}"), format!("after {number}")];
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": texts[0] } }))
        .line(json!({ "command": "Test-Flood", "parameters": { "Count": RECORDS, "Size": 300 } }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": texts[1] } }))
        .finish();
    let wrong = judge(peer, case, &outcome, &texts);
    match wrong {
        None => Ok(()),
        Some(wrong) => {
            Err(format!("{wrong}\n  {}\n  code {}, last line {:?}", case.name(), outcome.code, outcome.lines.last()))
        }
    }
}

fn judge(peer: &Peer, case: &Case, outcome: &Outcome, texts: &[String; 2]) -> Option<String> {
    if outcome.errors.contains("panicked") {
        return Some(format!("a panic: {}", outcome.errors));
    }
    if ![0, 6].contains(&outcome.code) || !["completed", "failed"].contains(&outcome.state()) {
        return Some("an exit code or state that fits no fault of the wire".to_owned());
    }
    let state = peer.state();
    if state["notes"] != json!([]) || state["stats"]["errors"] != json!(0) {
        return Some(format!("notes {}, errors {}", state["notes"], state["stats"]["errors"]));
    }
    let mut invoked: Vec<String> =
        peer.log("invoke").iter().map(|it| format!("{}{}", it["name"], it["params"])).collect();
    let count = invoked.len();
    invoked.sort();
    invoked.dedup();
    if invoked.len() != count {
        return Some("a command ran twice".to_owned());
    }
    if !peer.log("auth_fail").is_empty() || peer.sign_ins() > 12 {
        return Some(format!("{} sign-ins, {} refused", peer.sign_ins(), peer.log("auth_fail").len()));
    }
    if !case.shell_may_stay && state["shells"] != json!([]) {
        return Some("a shell was left behind".to_owned());
    }
    let said = outcome.stream("interruption").count() + outcome.stream("unreadable").count() > 0 || outcome.code != 0;
    let output = outcome.texts("output");
    let whole = output.len() == RECORDS + 2 && output[0] == texts[0] && output[RECORDS + 1] == texts[1];
    if !whole && !said {
        return Some(format!("{} of {} records, and nothing is said about it", output.len(), RECORDS + 2));
    }
    if output.len() > RECORDS + 2 || output.iter().filter(|text| texts.contains(text)).count() > 2 {
        return Some("records came twice".to_owned());
    }
    None
}

/// Every fault of one request at every action, the first five times it is seen.
fn single_faults() -> Vec<Case> {
    let mut cases = Vec::new();
    for nth in 1..=5 {
        for action in ["Create", "Command", "Receive", "Signal", "Delete"] {
            for fault in
                ["drop", "reset", "drop_after", "reset_after", "truncate", "unauthorized", "close", "kill_shell"]
            {
                cases.push(Case::rule(json!({ "do": fault, "action": action, "nth": nth })));
            }
            for fault in ["bad_xml", "wrong_relates_to"] {
                cases.push(Case::rule(json!({ "do": fault, "action": action, "nth": nth })));
            }
            for status in [400, 401, 404, 413, 503] {
                cases.push(Case::rule(json!({ "do": "status", "action": action, "nth": nth, "arg": status })));
            }
            // After these nothing may be sent any more, not even a Delete.
            let broken =
                ["unencrypted", "corrupt_signature", "corrupt_body", "wrong_length", "empty_body", "bad_content_type"];
            for fault in broken {
                let rule = json!({ "do": fault, "action": action, "nth": nth });
                cases.push(Case { shell_may_stay: true, ..Case::rule(rule) });
            }
            for status in [200, 302, 307, 500] {
                let rule = json!({ "do": "status", "action": action, "nth": nth, "arg": status });
                cases.push(Case { shell_may_stay: true, ..Case::rule(rule) });
            }
        }
    }
    cases
}

/// A small generator: the same seed gives the same cases everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.roll(from.len() as u64);
        from[usize::try_from(index).unwrap()].clone()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// Odd but legal forms of answers, with up to two faults on top.
fn combination(seed: u64) -> Case {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut settings = serde_json::Map::new();
    let mut set = |name: &str, value: Value| drop(settings.insert(name.to_owned(), value));
    if dice.chance(70) {
        set("fragment_size", dice.pick(&[1, 2, 3, 5, 7, 8, 13, 20, 21, 22, 100, 1000, 32_747]).into());
    }
    if dice.chance(60) {
        set("stream_mode", dice.pick(&["split", "joined", "split"]).into());
        set("split_bytes", dice.pick(&[7, 20, 21, 22, 23, 999]).into());
    }
    for (name, value, percent) in [
        ("done_separately", json!(true), 30),
        ("bom", json!(true), 30),
        ("lowercase_headers", json!(true), 20),
        ("operation_timeout_cap", json!(0.05), 30),
        ("strict_signal", json!(true), 50),
        ("duplicate_fragment", json!(2), 20),
        ("clock_skew", json!(36_000), 20),
        ("max_streams", json!(50), 20),
    ] {
        if dice.chance(percent) {
            set(name, value);
        }
    }
    let mut rules = Vec::new();
    for _ in 0..dice.roll(3) {
        let fault = dice.pick(&[
            "drip",
            "chunked",
            "close",
            "delay",
            "delay_after",
            "drop",
            "reset",
            "drop_after",
            "reset_after",
            "truncate",
            "unauthorized",
        ]);
        let argument = match fault {
            "drip" => json!({ "bytes": dice.pick(&[1, 2, 16]), "pause": 0 }),
            "chunked" => dice.pick(&[1, 7, 1000]).into(),
            "delay" | "delay_after" => json!(0.1),
            _ => Value::Null,
        };
        let times = if ["drip", "chunked"].contains(&fault) && dice.chance(50) { 0 } else { 1 };
        let action = dice.pick(&["Create", "Command", "Receive", "Receive", "Signal", "Delete"]);
        rules.push(json!({ "do": fault, "action": action, "nth": dice.roll(6) + 1, "times": times, "arg": argument }));
    }
    Case { settings: settings.into(), rules, shell_may_stay: false }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[track_caller]
fn carry_out_all(cases: impl Iterator<Item = (usize, Case)>) {
    let peer = Peer::start(&[]);
    let wrong: Vec<String> = cases
        .filter_map(|(number, case)| carry_out(&peer, &case, number).err().map(|text| format!("case {number}: {text}")))
        .collect();
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn sweep_of_single_faults() {
    // A number that shares no factor with the counts of faults and actions reaches all of both.
    let step = if number("PEP_SWEEP").is_some() { 1 } else { 11 };
    carry_out_all(single_faults().into_iter().enumerate().step_by(step));
}

#[test]
fn sweep_of_combinations() {
    let count = number("PEP_SWEEP").unwrap_or(25);
    let first = number("PEP_SWEEP_SEED").unwrap_or(1);
    carry_out_all((first..first + count).map(|seed| (usize::try_from(seed).unwrap(), combination(seed))));
}
