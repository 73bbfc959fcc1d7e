//! What `Get-Help` shows: pages of commands that have help, of those whose help PowerShell made itself, and of parts.
//!
//! The section headings and their order are PowerShell's; a test compares each page with the engine's.

mod command;
mod made;
mod page;
mod parameters;

use clixml::Value;

pub(crate) use page::Line;
use page::Page;

/// The cells by which a section stands in.
const INDENT: usize = 4;

/// So many items of a list are shown in one line, as in any cell.
const ITEMS: Option<usize> = Some(4);

/// The lines of a page before they are wrapped. `kind` is the name that `views.txt` has for it.
pub(crate) fn lines(kind: &str, value: &Value) -> Vec<Line> {
    let mut page = Page::default();
    match kind {
        "command" => command::short(&mut page, value),
        "command-detailed" => command::detailed(&mut page, value),
        "command-full" => command::full(&mut page, value),
        "command-examples" => command::examples_only(&mut page, value),
        "command-parameters" => {
            page.inside(INDENT, |page| command::parameters(page, value));
        }
        "command-parameter" => command::parameter(&mut page, value),
        "command-syntax" => command::syntax(&mut page, value),
        "command-details" => command::details(&mut page, value),
        "examples" => command::examples(&mut page, value),
        "links" => command::links(&mut page, value),
        "text" => command::text_item(&mut page, value),
        "made" => made::short(&mut page, value),
        "made-detailed" => made::detailed(&mut page, value),
        "made-full" => made::full(&mut page, value),
        "made-examples" => made::examples(&mut page, value),
        "made-parameter" => made::parameter(&mut page, value),
        "cmdlet" => made::bare(&mut page, value),
        "parameter-set" => parameters::set(&mut page, value),
        _ => {}
    }
    page.finish()
}

/// `[[-Name] <string>] `: what may be left out is in brackets.
fn call(parameter: &Value) -> String {
    let name = page::text(parameter, "Name");
    let optional = !page::holds(parameter, "Required");
    let position = page::text(parameter, "Position");
    let positional = !position.is_empty() && !position.to_lowercase().contains("named");
    let value = match (page::of(parameter, "ParameterValueGroup"), parameter.get("ParameterValue")) {
        (Some(group), _) => {
            let values: Vec<String> = page::each(&group, "ParameterValue").iter().map(crate::object::text).collect();
            format!(" {{{}}}", values.join(" | "))
        }
        (None, Some(value)) => format!(" <{}>", crate::object::text(value)),
        (None, None) => String::new(),
    };
    match (optional, positional) {
        (true, true) => format!("[[-{name}]{value}] "),
        (true, false) => format!("[-{name}{value}] "),
        (false, true) => format!("[-{name}]{value} "),
        (false, false) => format!("-{name}{value} "),
    }
}

/// The name of a parameter and what it takes
fn named(page: &mut Page, one: &Value) {
    page.put("-").put(page::text(one, "name"));
    if let Some(value) = page::of(one, "ParameterValue") {
        let shown = crate::object::text(&value);
        page.put(if page::holds(&value, "required") { format!(" <{shown}>") } else { format!(" [<{shown}>]") });
    }
    page.end();
}

/// What every cmdlet has.
fn common_parameters(page: &mut Page) {
    page.line("<CommonParameters>")
        .put(concat!(
            "    This cmdlet supports the common parameters: Verbose, Debug,\n",
            "    ErrorAction, ErrorVariable, WarningAction, WarningVariable,\n",
            "    OutBuffer, PipelineVariable, and OutVariable. For more information, see\n",
            "    about_CommonParameters (https://go.microsoft.com/fwlink/?LinkID=113216). ",
        ))
        .end()
        .end();
}
