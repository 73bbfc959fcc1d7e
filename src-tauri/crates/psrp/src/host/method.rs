//! The methods of a host.

use clixml::{Value, enum_value};

/// Which method is called. 1 to 56 exist; other numbers are kept. [MS-PSRP] 2.2.3.17
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostMethod(pub i32);

macro_rules! methods {
    ($($constant:ident = $number:literal, $name:literal;)*) => {
        impl HostMethod {
            $(#[doc = concat!("`", $name, "`")] pub const $constant: Self = Self($number);)*

            /// Every method that exists.
            pub const ALL: &'static [Self] = &[$(Self::$constant,)*];

            /// The name as PowerShell has it.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                Some(match self.0 {
                    $($number => $name,)*
                    _ => return None,
                })
            }
        }
    };
}

methods! {
    GET_NAME = 1, "GetName";
    GET_VERSION = 2, "GetVersion";
    GET_INSTANCE_ID = 3, "GetInstanceId";
    GET_CURRENT_CULTURE = 4, "GetCurrentCulture";
    GET_CURRENT_UI_CULTURE = 5, "GetCurrentUICulture";
    SET_SHOULD_EXIT = 6, "SetShouldExit";
    ENTER_NESTED_PROMPT = 7, "EnterNestedPrompt";
    EXIT_NESTED_PROMPT = 8, "ExitNestedPrompt";
    NOTIFY_BEGIN_APPLICATION = 9, "NotifyBeginApplication";
    NOTIFY_END_APPLICATION = 10, "NotifyEndApplication";
    READ_LINE = 11, "ReadLine";
    READ_LINE_AS_SECURE_STRING = 12, "ReadLineAsSecureString";
    WRITE1 = 13, "Write1";
    WRITE2 = 14, "Write2";
    WRITE_LINE1 = 15, "WriteLine1";
    WRITE_LINE2 = 16, "WriteLine2";
    WRITE_LINE3 = 17, "WriteLine3";
    WRITE_ERROR_LINE = 18, "WriteErrorLine";
    WRITE_DEBUG_LINE = 19, "WriteDebugLine";
    WRITE_PROGRESS = 20, "WriteProgress";
    WRITE_VERBOSE_LINE = 21, "WriteVerboseLine";
    WRITE_WARNING_LINE = 22, "WriteWarningLine";
    PROMPT = 23, "Prompt";
    PROMPT_FOR_CREDENTIAL1 = 24, "PromptForCredential1";
    PROMPT_FOR_CREDENTIAL2 = 25, "PromptForCredential2";
    PROMPT_FOR_CHOICE = 26, "PromptForChoice";
    GET_FOREGROUND_COLOR = 27, "GetForegroundColor";
    SET_FOREGROUND_COLOR = 28, "SetForegroundColor";
    GET_BACKGROUND_COLOR = 29, "GetBackgroundColor";
    SET_BACKGROUND_COLOR = 30, "SetBackgroundColor";
    GET_CURSOR_POSITION = 31, "GetCursorPosition";
    SET_CURSOR_POSITION = 32, "SetCursorPosition";
    GET_WINDOW_POSITION = 33, "GetWindowPosition";
    SET_WINDOW_POSITION = 34, "SetWindowPosition";
    GET_CURSOR_SIZE = 35, "GetCursorSize";
    SET_CURSOR_SIZE = 36, "SetCursorSize";
    GET_BUFFER_SIZE = 37, "GetBufferSize";
    SET_BUFFER_SIZE = 38, "SetBufferSize";
    GET_WINDOW_SIZE = 39, "GetWindowSize";
    SET_WINDOW_SIZE = 40, "SetWindowSize";
    GET_WINDOW_TITLE = 41, "GetWindowTitle";
    SET_WINDOW_TITLE = 42, "SetWindowTitle";
    GET_MAX_WINDOW_SIZE = 43, "GetMaxWindowSize";
    GET_MAX_PHYSICAL_WINDOW_SIZE = 44, "GetMaxPhysicalWindowSize";
    GET_KEY_AVAILABLE = 45, "GetKeyAvailable";
    READ_KEY = 46, "ReadKey";
    FLUSH_INPUT_BUFFER = 47, "FlushInputBuffer";
    SET_BUFFER_CONTENTS1 = 48, "SetBufferContents1";
    SET_BUFFER_CONTENTS2 = 49, "SetBufferContents2";
    GET_BUFFER_CONTENTS = 50, "GetBufferContents";
    SCROLL_BUFFER_CONTENTS = 51, "ScrollBufferContents";
    PUSH_RUNSPACE = 52, "PushRunspace";
    POP_RUNSPACE = 53, "PopRunspace";
    GET_IS_RUNSPACE_PUSHED = 54, "GetIsRunspacePushed";
    GET_RUNSPACE = 55, "GetRunspace";
    PROMPT_FOR_CHOICE_MULTIPLE_SELECTION = 56, "PromptForChoiceMultipleSelection";
}

impl HostMethod {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// As it travels.
    #[must_use]
    pub fn to_value(self) -> Value {
        let name = self.name().map_or_else(|| self.0.to_string(), str::to_owned);
        enum_value("System.Management.Automation.Remoting.RemoteHostMethodId", self.0, &name)
    }
}
