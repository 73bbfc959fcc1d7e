//! Help that somebody has written for a command, and its parts.

use clixml::Value;

use super::page::{Page, each, is, of, text};
use super::{INDENT, call, common_parameters, named};
use crate::object;

/// Name, synopsis, syntax, description, links, remarks
pub(super) fn short(page: &mut Page, help: &Value) {
    heads(page, help);
    page.section("RELATED LINKS", |page| links_of(page, help)).end();
    remarks(page, help);
}

/// With the parameters and examples
pub(super) fn detailed(page: &mut Page, help: &Value) {
    heads(page, help);
    page.section("PARAMETERS", |page| {
        for parameter in of(help, "Parameters").map(|all| each(&all, "Parameter")).unwrap_or_default() {
            named(page, &parameter);
            page.inside(INDENT, |page| {
                each(&parameter, "Description").iter().for_each(|item| text_item(page, item));
                page.end();
            });
        }
        common_parameters(page);
    });
    page.inside(INDENT, |page| examples_of(page, help));
    remarks(page, help);
}

/// With all that is known
pub(super) fn full(page: &mut Page, help: &Value) {
    heads(page, help);
    page.section("PARAMETERS", |page| {
        if let Some(all) = of(help, "Parameters") {
            parameters(page, &all);
        }
    });
    for (heading, list, item) in [("INPUTS", "InputTypes", "InputType"), ("OUTPUTS", "ReturnValues", "ReturnValue")] {
        page.section(heading, |page| {
            for one in of(help, list).map(|all| each(&all, item)).unwrap_or_default() {
                if let Some(kind) = of(&one, "Type") {
                    type_of(page, &kind);
                }
                page.end();
                page.inside(INDENT, |page| paragraphs(page, &one, "Description")).end();
            }
            page.end();
        });
    }
    errors(page, help, "TERMINATING ERRORS", "terminatingErrors", "terminatingError");
    errors(page, help, "NON-TERMINATING ERRORS", "nonTerminatingErrors", "nonTerminatingError");
    if of(help, "alertSet").is_some() {
        page.line("NOTES");
    }
    for set in each(help, "alertSet") {
        page.inside(INDENT, |page| {
            page.line(text(&set, "title")).end();
            page.inside(INDENT, |page| {
                for alert in each(&set, "alert") {
                    page.line(text(&alert, "Text"));
                }
            });
            page.end();
        });
    }
    page.inside(INDENT, |page| {
        examples_of(page, help);
        page.end();
    });
    page.section("RELATED LINKS", |page| links_of(page, help));
}

/// Name, synopsis and examples
pub(super) fn examples_only(page: &mut Page, help: &Value) {
    if let Some(about) = of(help, "Details") {
        details(page, &about);
    }
    page.inside(INDENT, |page| examples_of(page, help));
}

fn heads(page: &mut Page, help: &Value) {
    if let Some(about) = of(help, "Details") {
        details(page, &about);
    }
    page.section("SYNTAX", |page| {
        if let Some(all) = of(help, "Syntax") {
            syntax(page, &all);
        }
        page.end();
    });
    page.section("DESCRIPTION", |page| {
        each(help, "description").iter().for_each(|item| text_item(page, item));
        page.end();
    });
    page.end();
}

/// Name and synopsis
pub(super) fn details(page: &mut Page, about: &Value) {
    page.section("NAME", |page| {
        page.line(text(about, "Name")).end();
    });
    page.section("SYNOPSIS", |page| {
        paragraphs(page, about, "Description");
        page.end().end();
    });
}

/// The ways to call a command
pub(super) fn syntax(page: &mut Page, all: &Value) {
    for item in each(all, "SyntaxItem") {
        page.put(text(&item, "name")).put(" ");
        each(&item, "Parameter").iter().for_each(|one| {
            page.put(call(one));
        });
        page.line("[<CommonParameters>]").end();
    }
}

/// All parameters with all that is known of them
pub(super) fn parameters(page: &mut Page, all: &Value) {
    each(all, "Parameter").iter().for_each(|one| parameter(page, one));
    common_parameters(page);
}

/// One parameter with all that is known of it
pub(super) fn parameter(page: &mut Page, one: &Value) {
    named(page, one);
    page.inside(INDENT, |page| {
        each(one, "Description").iter().for_each(|item| text_item(page, item));
        page.end();
        for value in of(one, "possibleValues").map(|all| each(&all, "possibleValue")).unwrap_or_default() {
            page.line(text(&value, "Value"));
            page.inside(INDENT, |page| {
                paragraphs(page, &value, "Description");
                page.end();
            });
        }
        let flag = |name: &str| Some(text(one, name).to_lowercase()).filter(|said| said == "true" || said == "false");
        let position = text(one, "position");
        page.put("Required?                    ").line(flag("required").unwrap_or_default());
        page.put("Position?                    ").line(if position.is_empty() { "Named" } else { &position });
        page.put("Default value                ").line(text(one, "defaultValue"));
        page.put("Accept pipeline input?       ").line(text(one, "pipelineInput"));
        page.put("Aliases                      ").line(text(one, "aliases"));
        page.put("Accept wildcard characters?  ").line(flag("globbing").unwrap_or_default()).end();
    });
}

/// What an input or output is called, and where it is described
fn type_of(page: &mut Page, kind: &Value) {
    each(kind, "name").iter().for_each(|name| {
        page.put(object::text(name));
    });
    let uri = text(kind, "uri");
    if !uri.is_empty() {
        page.end().inside(INDENT, |page| {
            page.line(uri);
        });
    }
    page.inside(INDENT, |page| paragraphs(page, kind, "description"));
}

fn errors(page: &mut Page, help: &Value, heading: &str, list: &str, item: &str) {
    let Some(all) = of(help, list).filter(|all| of(all, item).is_some()) else { return };
    page.section(heading, |page| {
        for one in each(&all, item) {
            page.put(text(&one, "errorId")).put("(Category: ").put(text(&one, "category")).line(")");
            page.inside(INDENT, |page| paragraphs(page, &one, "description")).end();
            for (label, name) in [("Type: ", "type"), ("Target Object Type:   ", "targetObjectType")] {
                page.put(label);
                if let Some(kind) = of(&one, name) {
                    type_of(page, &kind);
                }
                page.end();
            }
            page.put("Suggested Action: ");
            paragraphs(page, &one, "recommendedAction");
            page.end().end();
        }
    });
}

fn examples_of(page: &mut Page, help: &Value) {
    if let Some(all) = of(help, "Examples") {
        examples(page, &all);
    }
}

/// Title, introduction, code, what comes of it, and remarks of each example
pub(super) fn examples(page: &mut Page, all: &Value) {
    for example in each(all, "Example") {
        page.line(text(&example, "Title")).end();
        each(&example, "Introduction").iter().for_each(|item| {
            page.put(text(item, "Text"));
        });
        each(&example, "Code").iter().for_each(|code| {
            page.put(object::text(code));
        });
        page.end().line(text(&example, "results"));
        paragraphs(page, &example, "remarks");
    }
}

fn links_of(page: &mut Page, help: &Value) {
    if let Some(all) = of(help, "relatedLinks") {
        links(page, &all);
    }
}

/// Texts and addresses of links
pub(super) fn links(page: &mut Page, all: &Value) {
    for link in each(all, "navigationLink") {
        let shown = text(&link, "linkText");
        page.put(&shown);
        if !shown.is_empty() {
            page.put(" ");
        }
        page.line(text(&link, "uri"));
    }
}

/// How to learn more
fn remarks(page: &mut Page, help: &Value) {
    let name = of(help, "Details").map(|about| text(&about, "Name")).unwrap_or_default();
    page.section("REMARKS", |page| {
        for (intent, switch) in [
            ("To see the examples", "Examples"),
            ("For more information", "Detailed"),
            ("For technical information", "Full"),
        ] {
            page.line(format!("{intent}, type: \"Get-Help {name} -{switch}\""));
        }
    });
    if of(help, "relatedLinks").is_some_and(|all| !each(&all, "navigationLink").is_empty()) {
        page.put(format!("    For online help, type: \"Get-Help {name} -Online\""));
    }
}

/// Plain paragraphs; anything else is a blank.
fn paragraphs(page: &mut Page, value: &Value, name: &str) {
    for item in each(value, name) {
        if is(&item, "MamlParaTextItem") {
            page.line(text(&item, "Text"));
        } else {
            page.put(" ");
        }
    }
}

/// A paragraph, an item of a list, or a term with its definition
pub(super) fn text_item(page: &mut Page, item: &Value) {
    if is(item, "MamlParaTextItem") {
        page.line(text(item, "Text"));
    } else if is(item, "MamlOrderedListTextItem") || is(item, "MamlUnorderedListTextItem") {
        let hanging = if is(item, "MamlOrderedListTextItem") { 4 } else { 2 };
        page.hang(hanging, |page| {
            page.put(text(item, "Tag")).line(text(item, "Text"));
        });
    } else if is(item, "MamlDefinitionTextItem") {
        page.line(text(item, "Term")).inside(INDENT, |page| {
            page.line(text(item, "Definition"));
        });
    } else {
        page.put(" ");
    }
}
