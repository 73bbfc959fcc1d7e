//! Progress, information and the three informational records. [MS-PSRP] 2.2.2.22 to 2.2.2.26, 2.2.3.16

use clixml::Value;

/// The message of a warning, verbose or debug record; very old servers send a string.
#[must_use]
pub fn message_of(value: &Value) -> String {
    value.get("InformationalRecord_Message").unwrap_or(value).to_display()
}

/// A progress record, read by meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressRecord {
    /// What goes on
    pub activity: String,
    /// The activity's number
    pub activity_id: i64,
    /// The number of the activity that it is part of
    pub parent_id: Option<i64>,
    /// How far it is, in words
    pub status: String,
    /// What it does right now; may be empty
    pub operation: String,
    /// How far it is, 0 to 100, where that is known
    pub percent: Option<u8>,
    /// How many seconds are left, where that is known
    pub seconds_remaining: Option<u64>,
    /// Whether it is over
    pub completed: bool,
}

impl ProgressRecord {
    /// Reads a record of the progress stream or one in element form.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        if let Value::Progress(record) = value {
            return Self {
                activity: record.activity.to_string_lossy().into_owned(),
                activity_id: record.activity_id.into(),
                parent_id: (record.parent_id >= 0).then_some(record.parent_id.into()),
                status: record.status.as_ref().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default(),
                operation: record
                    .operation
                    .as_ref()
                    .map(|text| text.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                percent: u8::try_from(record.percent).ok().filter(|percent| *percent <= 100),
                seconds_remaining: u64::try_from(record.seconds).ok(),
                completed: record.kind == "Completed",
            };
        }
        let text = |name: &str| value.get(name).map(Value::to_display).unwrap_or_default();
        let number = |name: &str| value.get(name).and_then(Value::as_i64);
        Self {
            activity: text("Activity"),
            activity_id: number("ActivityId").unwrap_or(0),
            parent_id: number("ParentActivityId").filter(|id| *id >= 0),
            status: text("StatusDescription"),
            operation: text("CurrentOperation"),
            percent: number("PercentComplete")
                .and_then(|percent| u8::try_from(percent).ok())
                .filter(|percent| *percent <= 100),
            seconds_remaining: number("SecondsRemaining").and_then(|seconds| u64::try_from(seconds).ok()),
            completed: number("Type") == Some(1),
        }
    }
}

/// The colours of a console by their numbers. [MS-PSRP] 2.2.3.3
const COLORS: [&str; 16] = [
    "Black",
    "DarkBlue",
    "DarkGreen",
    "DarkCyan",
    "DarkRed",
    "DarkMagenta",
    "DarkYellow",
    "Gray",
    "DarkGray",
    "Blue",
    "Green",
    "Cyan",
    "Red",
    "Magenta",
    "Yellow",
    "White",
];

/// The name of a console colour; numbers outside 0 to 15 have none.
#[must_use]
pub fn color_name(number: i32) -> Option<&'static str> {
    usize::try_from(number).ok().and_then(|at| COLORS.get(at)).copied()
}

/// A colour arrives as its number, or as its name where it lay too deep for the serializer.
fn color_number(color: &Value) -> Option<i32> {
    let named = || COLORS.iter().position(|name| color.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name)));
    let number = color.as_i32().or_else(|| named().and_then(|at| i32::try_from(at).ok()));
    number.filter(|number| color_name(*number).is_some())
}

/// An information record, read by meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InformationRecord {
    /// The text
    pub text: String,
    /// Where it comes from; may be empty
    pub source: String,
    /// Its tags
    pub tags: Vec<String>,
    /// Whether it was written for the screen (`Write-Host`)
    pub for_screen: bool,
    /// Whether no line end follows
    pub no_new_line: bool,
    /// The console colour of the text, 0 to 15
    pub foreground: Option<i32>,
    /// The console colour behind the text, 0 to 15
    pub background: Option<i32>,
}

impl InformationRecord {
    /// Reads a record.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let data = value.get("MessageData").unwrap_or(value);
        let tags: Vec<String> =
            value.get("Tags").and_then(Value::items).unwrap_or_default().iter().map(Value::to_display).collect();
        let color = |name: &str| data.get(name).and_then(color_number);
        Self {
            text: data.get("Message").unwrap_or(data).to_display(),
            source: value.get("Source").map(Value::to_display).unwrap_or_default(),
            for_screen: tags.iter().any(|tag| tag == "PSHOST"),
            no_new_line: data.get("NoNewLine").and_then(Value::as_bool).unwrap_or(false),
            foreground: color("ForegroundColor"),
            background: color("BackgroundColor"),
            tags,
        }
    }
}
