//! Help that PowerShell made of a command itself, because nobody has written any.

use clixml::Value;

use super::page::{Page, each, holds, of, text};
use super::{INDENT, call, common_parameters, named};
use crate::object;

/// Name, syntax, aliases, remarks
pub(super) fn short(page: &mut Page, help: &Value) {
    name(page, help);
    page.section("SYNTAX", |page| syntax(page, help)).end();
    ends(page, help);
}

/// With the parameters
pub(super) fn detailed(page: &mut Page, help: &Value) {
    name(page, help);
    page.section("SYNTAX", |page| {
        syntax(page, help);
        page.end();
    });
    page.section("PARAMETERS", |page| {
        for one in parameters(help) {
            named(page, &one);
            page.end();
        }
        common(page, help);
    })
    .end();
    ends(page, help);
}

/// With all that is known
pub(super) fn full(page: &mut Page, help: &Value) {
    name(page, help);
    page.section("SYNTAX", |page| {
        syntax(page, help);
        page.end();
    });
    page.section("PARAMETERS", |page| {
        parameters(help).iter().for_each(|one| parameter(page, one));
        common(page, help);
        page.end();
    });
    for (heading, list, item) in [("INPUTS", "InputTypes", "InputType"), ("OUTPUTS", "ReturnValues", "ReturnValue")] {
        page.section(heading, |page| {
            for one in of(help, list).map(|all| each(&all, item)).unwrap_or_default() {
                for kind in of(&one, "type").iter() {
                    each(kind, "name").iter().for_each(|name| {
                        page.put(object::text(name));
                    });
                }
                page.end();
            }
            page.end();
        });
    }
    ends(page, help);
}

/// Name, aliases, remarks: there are no examples.
pub(super) fn examples(page: &mut Page, help: &Value) {
    if let Some(about) = of(help, "Details") {
        page.section("NAME", |page| {
            page.line(text(&about, "Name"));
        });
    }
    page.end();
    ends(page, help);
}

/// A command of which only name and syntax are known
pub(super) fn bare(page: &mut Page, help: &Value) {
    page.section("NAME", |page| {
        page.line(text(help, "Name")).end();
    });
    page.section("SYNTAX", |page| {
        page.line(text(help, "Syntax"));
    });
}

fn name(page: &mut Page, help: &Value) {
    if let Some(about) = of(help, "Details") {
        page.section("NAME", |page| {
            page.line(text(&about, "Name")).end();
        });
    }
}

fn syntax(page: &mut Page, help: &Value) {
    for item in of(help, "Syntax").map(|all| each(&all, "SyntaxItem")).unwrap_or_default() {
        page.put(text(&item, "name")).put(" ");
        each(&item, "Parameter").iter().for_each(|one| {
            page.put(call(one));
        });
        if holds(&item, "CommonParameters") {
            page.put("[<CommonParameters>]");
        }
        page.end().end();
    }
}

fn parameters(help: &Value) -> Vec<Value> {
    of(help, "Parameters").map(|all| each(&all, "Parameter")).unwrap_or_default()
}

/// One parameter with all that is known of it
pub(super) fn parameter(page: &mut Page, one: &Value) {
    named(page, one);
    page.inside(INDENT, |page| {
        page.put(text(one, "description"));
        for value in of(one, "possibleValues").map(|all| each(&all, "possibleValue")).unwrap_or_default() {
            page.line(text(&value, "Value"));
        }
        page.end();
        let required = Some(text(one, "required").to_lowercase()).filter(|said| said == "true" || said == "false");
        let position = text(one, "position");
        page.put("Required?                    ").line(required.unwrap_or_default());
        page.put("Position?                    ").line(if position.is_empty() { "Named" } else { &position });
        for (label, name) in [
            ("Accept pipeline input?       ", "pipelineInput"),
            ("Parameter set name           ", "parameterSetName"),
            ("Aliases                      ", "aliases"),
            ("Dynamic?                     ", "isDynamic"),
            ("Accept wildcard characters?  ", "globbing"),
        ] {
            page.put(label).line(text(one, name));
        }
        page.end();
    });
}

fn common(page: &mut Page, help: &Value) {
    if holds(help, "CommonParameters") {
        common_parameters(page);
    } else if of(help, "CommonParameters").is_some() && parameters(help).is_empty() {
        page.line("None").end();
    }
}

fn ends(page: &mut Page, help: &Value) {
    page.section("ALIASES", |page| {
        page.line(text(help, "Aliases"));
    })
    .end();
    page.section("REMARKS", |page| {
        page.line(text(help, "Remarks"));
    });
}
