//! What the endpoint is told about our console.

use clixml::{Object, Value};

/// Our console as the endpoint shall see it. [MS-PSRP] 2.2.3.14
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInfo {
    /// Colour of text, a `ConsoleColor`
    pub foreground: i32,
    /// Colour behind text, a `ConsoleColor`
    pub background: i32,
    /// Size of the window in characters; the endpoint wraps formatted text at its width.
    pub window: Size,
    /// Size of the buffer in characters
    pub buffer: Size,
    /// Title of the window
    pub title: String,
}

/// A size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns
    pub width: i32,
    /// Lines
    pub height: i32,
}

impl HostInfo {
    /// A console of this width in characters, grey on black.
    #[must_use]
    pub fn console(width: i32) -> Self {
        Self {
            foreground: 7,
            background: 0,
            window: Size { width, height: 50 },
            buffer: Size { width, height: 3000 },
            title: String::new(),
        }
    }

    /// As it travels when a pool opens.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entry = |key: i32, type_name: &'static str, value: Value| {
            (Value::I32(key), Object::with_extended([("T", type_name.into()), ("V", value)]).into())
        };
        let colour = |key, number: i32| entry(key, "System.ConsoleColor", number.into());
        let size = |key, size: Size| entry(key, "System.Management.Automation.Host.Size", size.to_value());
        let origin = |key| entry(key, "System.Management.Automation.Host.Coordinates", coordinates(0, 0));
        let data = vec![
            entry(9, "System.String", self.title.as_str().into()),
            size(8, self.window),
            size(7, self.window),
            size(6, self.window),
            size(5, self.buffer),
            entry(4, "System.Int32", 25.into()),
            origin(3),
            origin(2),
            colour(1, self.background),
            colour(0, self.foreground),
        ];
        Object::with_extended([
            ("_isHostUINull", false.into()),
            ("_isHostRawUINull", false.into()),
            ("_isHostNull", false.into()),
            ("_hostDefaultData", Object::with_extended([("data", Object::dictionary(data).into())]).into()),
            ("_useRunspaceHost", false.into()),
        ])
        .into()
    }
}

impl Size {
    /// As it travels.
    #[must_use]
    pub fn to_value(self) -> Value {
        Object::with_extended([("width", self.width.into()), ("height", self.height.into())]).into()
    }
}

fn coordinates(x: i32, y: i32) -> Value {
    Object::with_extended([("x", x.into()), ("y", y.into())]).into()
}
