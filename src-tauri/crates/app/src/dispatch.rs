//! Commands by name, for carriers that are not Tauri.

use std::sync::Arc;

use contract::Fault;
use serde_json::Value;

use crate::{App, convert};

macro_rules! commands {
    ($($name:ident($($argument:ident),*);)*) => {
        /// The names of all commands.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),*];

        /// Calls a command with its arguments as one JSON object; argument names are in camelCase.
        ///
        /// # Errors
        /// The fault of the command, or of arguments that are not as they should be.
        pub async fn dispatch(app: &Arc<App>, name: &str, mut arguments: Value) -> Result<Value, Fault> {
            match name {
                $(stringify!($name) => {
                    $(let $argument = take(&mut arguments, stringify!($argument))?;)*
                    let result = app.$name($($argument),*).await?;
                    serde_json::to_value(result).map_err(|error| bad(&error))
                })*
                _ => Err(bad(&format!("unknown command {name}"))),
            }
        }
    };
}

commands! {
    app_snapshot();
    app_painted();
    app_quit(choice);
    practice_scenario(name, speed);
    stamp_import(import);
    stamp_keep(stamp, forget_former);
    stamp_rename(stamp_id, name);
    stamp_export(stamp_id);
    stamp_fall_back(stamp_id, fall_back);
    stamp_forget(stamp_id, records);
    portal_open(address);
    arm_begin(ask);
    arm_open();
    arm_finish();
    arm_trust(root);
    arm_cancel();
    endpoint_probe(stamp_id, addresses);
    endpoint_probe_cancel();
    sign_in_ways(stamp_id, address);
    session_inspect(stamp_id, address, way);
    session_trust(stamp_id, address, decision);
    session_open(sign_in);
    session_cancel();
    session_close(close);
    secret_has(stamp_id, account);
    secret_delete(stamp_id, account);
    record_abandon(record_id);
    command_describe(name);
    run_preview(run);
    run_start(run);
    run_confirm(ticket, typed);
    run_attach(run_id, after);
    run_ack(run_id, batch);
    run_stop(run_id);
    prompt_answer(run_id, call, answer);
}

/// Takes an argument out by its name in camelCase.
fn take<T: serde::de::DeserializeOwned>(arguments: &mut Value, name: &str) -> Result<T, Fault> {
    let mut camel = String::new();
    for (at, word) in name.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => camel.extend(first.to_uppercase().chain(letters)),
            _ => camel.push_str(word),
        }
    }
    let value = arguments.get_mut(&camel).map(Value::take).unwrap_or_default();
    // The value itself may be a secret; the error tells the place only.
    serde_json::from_value(value).map_err(|error| bad(&format!("argument {camel}: {:?}", error.classify())))
}

fn bad(error: &dyn std::fmt::Display) -> Fault {
    convert::fault(&pep::Fault::new(pep::fault::code::INTERNAL).detail(error))
}
