//! Answers out of JSON, checked against the question: what a question cannot take is never sent.

use clixml::{Content, PsString, Value};
use psrp::Argument;
use psrp::host::{Field, HostAnswer, Question};
use psrp::records::ErrorInfo;
use serde_json::{Map, Value as Json};

use crate::json_in::{self, BadValue};

/// A switch that is off: left out as a parameter, a Boolean as an answer.
const OFF: Argument = Argument::Value(Value::Bool(false));

/// What is asked, in a word for programs.
pub(crate) fn kind(question: Option<&Question>) -> &'static str {
    match question {
        Some(Question::Line) => "line",
        Some(Question::SecretLine) => "secret_line",
        Some(Question::Fields { .. }) => "fields",
        Some(Question::Credential { .. }) => "credential",
        Some(Question::Choice { .. }) => "choice",
        Some(Question::Choices { .. }) => "choices",
        Some(Question::Key) => "key",
        None => "other",
    }
}

/// The answer as the question wants it.
///
/// # Errors
/// When the question takes no such answer. The text never holds the answer itself.
pub(crate) fn read(json: &Json, question: Option<&Question>) -> Result<HostAnswer, BadValue> {
    if let Some(reason) = json.get("refuse") {
        return Ok(refusal(reason.as_str().unwrap_or("The question was refused.")));
    }
    let wanted = |what: &str| BadValue::new(format!("the answer has to be {what}"));
    if json.is_null() {
        return nothing(question);
    }
    if let Some(Question::Fields { fields, .. }) = question {
        let map = json.as_object().filter(|map| !map.contains_key("$type"));
        return form(map.ok_or_else(|| wanted("an object of values by field name"))?, fields);
    }
    if let Some(Question::Key) = question {
        return key(json).map(|key| HostAnswer::Value(Argument::Value(key)));
    }
    let given = json_in::argument(json)?.unwrap_or(OFF);
    let answer = match (question, given) {
        (Some(Question::Line), Argument::Value(text)) if text.as_ps_string().is_some() => Argument::Value(text),
        (Some(Question::Line), _) => return Err(wanted("text")),
        (Some(Question::SecretLine), secret @ Argument::Secret(_)) => secret,
        (Some(Question::SecretLine), _) => return Err(wanted("a SecureString")),
        (Some(Question::Credential { .. }), credential @ Argument::Credential { .. }) => match nameless(&credential) {
            Some(what) => return Err(wanted(what)),
            None => credential,
        },
        (Some(Question::Credential { .. }), _) => return Err(wanted("a PSCredential")),
        (Some(Question::Choice { choices, .. }), given) => {
            let Some(at) = place(&given, choices.len()) else {
                return Err(wanted(&format!("a number below {}", choices.len())));
            };
            Argument::Value(at.into())
        }
        (Some(Question::Choices { choices, .. }), Argument::Value(list)) => {
            let places = list.items().map(|items| items.iter().map(|item| place_of(item, choices.len())));
            let Some(places) = places.and_then(Iterator::collect::<Option<Vec<i32>>>) else {
                return Err(wanted(&format!("a list of numbers below {}", choices.len())));
            };
            Argument::Value(collection(places))
        }
        (Some(Question::Choices { choices, .. }), _) => {
            return Err(wanted(&format!("a list of numbers below {}", choices.len())));
        }
        (None, other) => other,
        (Some(Question::Key | Question::Fields { .. }), _) => return Err(wanted("of another kind")),
    };
    Ok(HostAnswer::Value(answer))
}

/// What a console answers to an empty line, to the end of its input, or when the dialog is cancelled.
fn nothing(question: Option<&Question>) -> Result<HostAnswer, BadValue> {
    let value = |value: Value| Ok(HostAnswer::Value(Argument::Value(value)));
    let place = |at: usize| i32::try_from(at).unwrap_or(i32::MAX);
    match question {
        Some(Question::Line | Question::Credential { .. }) | None => value(Value::Null),
        // A cancelled form has no values at all, not some of them.
        Some(Question::Fields { .. }) => Ok(HostAnswer::Fields(Vec::new())),
        Some(Question::Choice { default: Some(at), .. }) => value(place(*at).into()),
        Some(Question::Choices { defaults, .. }) => value(collection(defaults.iter().map(|at| place(*at)).collect())),
        Some(Question::SecretLine | Question::Key | Question::Choice { default: None, .. }) => {
            Err(BadValue::new("this question cannot be answered with null"))
        }
    }
}

/// No endpoint takes an account without a name.
fn nameless(given: &Argument) -> Option<&'static str> {
    match given {
        Argument::Credential { user, .. } if user.is_empty() => Some("a PSCredential with a user"),
        _ => None,
    }
}

/// A key: its character, or an object with the properties of a `KeyInfo`. An endpoint knows the fields by exactly these
/// names and types and gets all of them. [MS-PSRP] 2.2.3.26
fn key(json: &Json) -> Result<Value, BadValue> {
    let wrong = || BadValue::new("the answer has to be a character or an object with the properties of a KeyInfo");
    let none = Map::new();
    let map = match json {
        Json::Object(map) if !map.contains_key("$type") => map,
        Json::String(_) | Json::Object(_) => &none,
        _ => return Err(wrong()),
    };
    const NAMES: [&str; 4] = ["virtualKeyCode", "character", "controlKeyState", "keyDown"];
    if map.keys().any(|name| !NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))) {
        return Err(wrong());
    }
    let given = |name: &str| map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, json)| json);
    let number = |name: &str| match given(name) {
        None => Ok(0),
        Some(json) => json.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(wrong),
    };
    let character = if map.is_empty() { Some(json) } else { given("character") };
    let character = match character.map(json_in::argument).transpose()?.flatten() {
        None => Some(0),
        Some(Argument::Value(Value::Char(unit))) => Some(unit),
        Some(Argument::Value(value)) => value.as_ps_string().and_then(|text| {
            let mut units = text.units();
            units.next().filter(|_| units.next().is_none())
        }),
        Some(_) => None,
    };
    let down = match given("keyDown") {
        None => true,
        Some(json) => json.as_bool().ok_or_else(wrong)?,
    };
    let (code, state) = (number("virtualKeyCode")?, number("controlKeyState")?);
    let fields: [Value; 4] = [code.into(), Value::Char(character.ok_or_else(wrong)?), state.into(), down.into()];
    Ok(clixml::Object::with_extended(NAMES.into_iter().zip(fields)).into())
}

/// The values of a form by the names of its fields. A console goes through all of them, so that what a field must have is there.
fn form(map: &Map<String, Json>, fields: &[Field]) -> Result<HostAnswer, BadValue> {
    let mut answers: Vec<(PsString, Argument)> = Vec::new();
    for (name, json) in map {
        let Some(field) = fields.iter().find(|field| field.name.eq_ignore_case(name)) else {
            return Err(BadValue::new(format!("the question has no field {name:?}")));
        };
        if answers.iter().any(|(known, _)| *known == field.name) {
            return Err(BadValue::new(format!("the field {name:?} is answered twice")));
        }
        let argument = json_in::argument(json)?.unwrap_or(OFF);
        if let Some(what) = misfit(&argument, &field.type_name) {
            return Err(BadValue::new(format!("the field {name:?} has to be {what}")));
        }
        answers.push((field.name.clone(), argument));
    }
    let open = |field: &&Field| field.mandatory && !answers.iter().any(|(known, _)| *known == field.name);
    if let Some(field) = fields.iter().find(open) {
        return Err(BadValue::new(format!("the field {:?} has to have a value", field.name.to_string_lossy())));
    }
    Ok(HostAnswer::Fields(answers))
}

/// What a field has to be, if it cannot take this. The endpoint itself makes numbers of texts and the like, so among
/// values only a list or object is told from what is neither.
fn misfit(given: &Argument, type_name: &str) -> Option<&'static str> {
    match (type_name, given) {
        ("System.Security.SecureString", Argument::Secret(_)) => None,
        ("System.Management.Automation.PSCredential", credential @ Argument::Credential { .. }) => nameless(credential),
        ("System.Security.SecureString", _) => Some("a SecureString"),
        ("System.Management.Automation.PSCredential", _) => Some("a PSCredential"),
        (name, Argument::Secret(_) | Argument::Credential { .. }) => {
            // A list of secrets cannot be written here, and nothing else shows what is secret.
            (name != "System.Object").then_some("a value that is no secret")
        }
        (name, Argument::Value(value)) if is_simple(name) && value.as_object().is_some_and(is_compound) => {
            Some("a single value")
        }
        (_, Argument::Value(_)) => None,
    }
}

/// Whether a type is a single value of .NET's own.
fn is_simple(type_name: &str) -> bool {
    const SIMPLE: [&str; 20] = [
        "String",
        "Char",
        "Boolean",
        "Byte",
        "SByte",
        "Int16",
        "UInt16",
        "Int32",
        "UInt32",
        "Int64",
        "UInt64",
        "Single",
        "Double",
        "Decimal",
        "DateTime",
        "TimeSpan",
        "Guid",
        "Uri",
        "Version",
        "Management.Automation.SwitchParameter",
    ];
    type_name.strip_prefix("System.").is_some_and(|name| SIMPLE.contains(&name))
}

fn is_compound(object: &clixml::Object) -> bool {
    !matches!(object.content, Content::Primitive(_))
}

fn place(given: &Argument, choices: usize) -> Option<i32> {
    match given {
        Argument::Value(value) => place_of(value, choices),
        Argument::Secret(_) | Argument::Credential { .. } => None,
    }
}

/// The place of a choice that there is.
fn place_of(value: &Value, choices: usize) -> Option<i32> {
    value.as_i32().filter(|at| usize::try_from(*at).is_ok_and(|at| at < choices))
}

/// The places of several choices, as the host interface returns them.
fn collection(places: Vec<i32>) -> Value {
    let mut list = clixml::Object::list(places.into_iter().map(Value::I32).collect());
    list.type_names = Some(clixml::type_names([
        "System.Collections.ObjectModel.Collection`1[[System.Int32, mscorlib, Version=4.0.0.0, Culture=neutral, \
         PublicKeyToken=b77a5c561934e089]]",
        "System.Object",
    ]));
    list.into()
}

/// The error record that the endpoint throws in the cmdlet.
pub(crate) fn refusal(text: &str) -> HostAnswer {
    HostAnswer::Error(
        ErrorInfo {
            message: text.to_owned(),
            id: "HostFunctionRefused".to_owned(),
            category: 14,
            exception: "HostException".to_owned(),
            target: Value::Null,
            activity: String::new(),
        }
        .to_value(),
    )
}

#[cfg(test)]
mod tests {
    use psrp::host::Choice;
    use serde_json::json;

    use super::*;

    fn question(kind: &str) -> Question {
        let text = String::new;
        let choice = || Choice { label: "&Yes".to_owned(), help: String::new() };
        let choices = vec![choice(), choice(), choice()];
        let field = |name: &str, type_name: &str| Field {
            name: name.into(),
            label: String::new(),
            type_name: type_name.to_owned(),
            help: String::new(),
            mandatory: kind == "mandatory",
            default: Value::Null,
        };
        match kind {
            "line" => Question::Line,
            "secret_line" => Question::SecretLine,
            "credential" => Question::Credential { caption: text(), message: text(), user: text(), target: text() },
            "choice" => Question::Choice { caption: text(), message: text(), choices, default: None },
            "choices" => Question::Choices { caption: text(), message: text(), choices, defaults: Vec::new() },
            "key" => Question::Key,
            _ => Question::Fields {
                caption: text(),
                message: text(),
                fields: vec![
                    field("Name", "System.String"),
                    field("Secret", "System.Security.SecureString"),
                    field("Who", "System.Management.Automation.PSCredential"),
                    field("Names", "System.String[]"),
                ],
            },
        }
    }

    #[test]
    fn every_question_takes_its_answers_and_no_other() {
        let secret = json!({ "$type": "SecureString", "env": "PATH" });
        let credential = json!({ "$type": "PSCredential", "user": "u", "env": "PATH" });
        let (text, number, list, form) = (json!("x"), json!(1), json!([0, 2]), json!({ "name": "x" }));
        let all =
            [&text, &number, &list, &form, &secret, &credential, &Json::Null, &json!(true), &json!(3), &json!(-1)];
        for (kind_name, taken) in [
            ("line", vec![&text, &Json::Null]),
            ("secret_line", vec![&secret]),
            ("credential", vec![&credential, &Json::Null]),
            ("choice", vec![&number]),
            ("choices", vec![&list, &Json::Null]),
            ("fields", vec![&form, &Json::Null]),
        ] {
            let question = question(kind_name);
            assert_eq!(kind(Some(&question)), kind_name);
            for answer in all {
                let fits = read(answer, Some(&question)).is_ok();
                assert_eq!(fits, taken.contains(&answer), "{kind_name}: {answer}");
            }
            assert!(read(&json!({ "refuse": "no" }), Some(&question)).is_ok());
        }
        assert!(read(&json!([0, 3]), Some(&question("choices"))).is_err());
        assert!(read(&json!([]), Some(&question("choices"))).is_ok());
    }

    #[test]
    fn every_field_takes_what_its_type_can_be_made_of() {
        let secret = json!({ "$type": "SecureString", "env": "PATH" });
        for (field, answer, fits) in [
            ("Name", json!("x"), true),
            ("NAME", json!(7), true),
            ("Name", json!(["x"]), false),
            ("Name", json!({ "a": 1 }), false),
            ("Name", secret.clone(), false),
            ("Secret", secret, true),
            ("Secret", json!("x"), false),
            ("Who", json!("x"), false),
            ("Names", json!(["x"]), true),
            ("Other", json!("x"), false),
        ] {
            let taken = read(&json!({ field: answer }), Some(&question("fields")));
            assert_eq!(taken.is_ok(), fits, "{field}: {answer}");
        }
        assert!(read(&json!({ "Name": "x", "name": "y" }), Some(&question("fields"))).is_err());
    }

    #[test]
    fn a_form_is_answered_in_full_or_not_at_all() {
        let all = json!({
            "name": "x",
            "Secret": { "$type": "SecureString", "env": "PATH" },
            "Who": { "$type": "PSCredential", "user": "u", "env": "PATH" },
            "Names": [],
        });
        let refused = |json: &Json| match read(json, Some(&question("mandatory"))) {
            Ok(HostAnswer::Fields(fields)) => Err(fields.len()),
            Ok(_) => panic!("a form"),
            Err(error) => Ok(error.to_string()),
        };
        assert_eq!(refused(&all), Err(4));
        assert_eq!(refused(&Json::Null), Err(0), "cancelled");
        for name in ["Name", "Secret", "Who", "Names"] {
            let mut some = all.clone();
            some.as_object_mut().unwrap().retain(|known, _| !known.eq_ignore_ascii_case(name));
            assert_eq!(refused(&some), Ok(format!("the field {name:?} has to have a value")));
            assert!(read(&some, Some(&question("fields"))).is_ok(), "{name} may be left out");
        }
        // A switch that is off is a value as any other here.
        let mut off = all.clone();
        off["name"] = json!({ "$type": "Switch", "value": false });
        assert_eq!(refused(&off), Err(4));
        // The name of an account is mandatory always.
        let nobody = json!({ "$type": "PSCredential", "user": "", "env": "PATH" });
        assert!(read(&nobody, Some(&question("credential"))).is_err());
        assert!(read(&json!({ "Who": nobody }), Some(&question("fields"))).is_err());
    }

    #[test]
    fn an_empty_line_takes_what_the_question_begins_with() {
        let Question::Choice { caption, message, choices, .. } = question("choice") else { panic!("a choice") };
        let asked = Question::Choice { caption, message, choices, default: Some(2) };
        let Ok(HostAnswer::Value(Argument::Value(at))) = read(&Json::Null, Some(&asked)) else { panic!("a value") };
        assert_eq!(at.as_i32(), Some(2));
    }

    #[test]
    fn a_key_has_all_its_fields_by_their_own_names() {
        let taken = |json: Json| match read(&json, Some(&question("key"))) {
            Ok(HostAnswer::Value(Argument::Value(key))) => Some(key),
            _ => None,
        };
        let wanted = clixml::Object::with_extended([
            ("virtualKeyCode", Value::I32(89)),
            ("character", Value::Char(121)),
            ("controlKeyState", Value::I32(0)),
            ("keyDown", Value::Bool(true)),
        ]);
        assert_eq!(taken(json!({ "Character": "y", "VirtualKeyCode": 89 })), Some(wanted.into()));
        let character = |json| taken(json).and_then(|key| key.get("character").cloned());
        assert_eq!(character(json!("y")), Some(Value::Char(121)));
        assert_eq!(character(json!({ "$type": "Char", "value": 13 })), Some(Value::Char(13)));
        for wrong in [
            json!("yy"),
            json!(5),
            json!({ "Name": "y" }),
            json!({ "keyDown": 1 }),
            json!({ "character": 1 }),
            json!({}),
        ] {
            assert_eq!(taken(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_answer() {
        let error = read(&json!("swordfish"), Some(&question("credential"))).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("the answer has to be a PSCredential"));
    }
}
