//! Templates turned into mails.
//!
//! The template files are compiled into the program, with their values as data only: nothing that a user wrote is
//! ever read as a template. In HTML every value is escaped; an undefined placeholder is an error, not a blank.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::Value;

use crate::lang::Lang;
use crate::template::Template;

/// The longest subject, in characters; what is longer is cut.
const MAX_SUBJECT: usize = 150;

/// A finished mail without addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// The plain text, lines ended by `\n`.
    pub text: String,
    /// A whole HTML document with inline styles, which loads nothing from anywhere.
    pub html: String,
}

/// A template could not be filled in: a mistake in its file.
#[derive(Debug, thiserror::Error)]
#[error("filling in mail template {template}")]
pub struct RenderError {
    template: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Fills in templates under the name of one product.
#[derive(Debug)]
pub struct Renderer {
    product: String,
    languages: Vec<(Lang, Environment<'static>)>,
}

impl Renderer {
    /// Reads all templates. `product` is how the installation calls itself.
    ///
    /// # Panics
    /// Never: every template file is read by the tests.
    pub fn new(product: impl Into<String>) -> Self {
        let languages = Lang::ALL.into_iter().map(|lang| (lang, environment(lang)));
        Self {
            product: product.into(),
            languages: languages.collect(),
        }
    }

    /// Writes a mail in a language.
    pub fn render(&self, template: &Template, lang: Lang) -> Result<Rendered, RenderError> {
        let kind = template.kind();
        let value = serde_json::to_value(template).map_err(|source| failed(kind, source))?;
        let values = cleaned("", value);
        let part = |extension: &str| self.part(lang, &format!("{kind}.{extension}"), &values);
        Ok(Rendered {
            subject: one_line(&part("subject")?),
            text: part("txt")?,
            html: part("html")?,
        })
    }

    fn part(&self, lang: Lang, name: &str, values: &Value) -> Result<String, RenderError> {
        let environment = self.languages.iter().find(|(of, _)| *of == lang);
        let (_, environment) = environment.unwrap_or(&self.languages[0]);
        let context = context! {
            lang => lang.tag(),
            product => self.product.as_str(),
            style => Serde(STYLE),
            ..Serde(values)
        };
        environment
            .get_template(name)
            .and_then(|template| template.render(context))
            .map_err(|source| failed(name, source))
    }
}

fn failed(
    template: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RenderError {
    RenderError {
        template: template.to_owned(),
        source: source.into(),
    }
}

/// Inline styles, because many mail programs drop style sheets.
const STYLE: Style = Style {
    p: "margin:0 0 16px;font-size:16px;line-height:24px",
    note: "margin:0 0 16px;padding:12px 16px;border-left:3px solid #c3cad4;background:#f4f6f8;\
           font-size:16px;line-height:24px;white-space:pre-line",
    button: "display:inline-block;padding:12px 24px;border-radius:6px;background:#1c4f8f;color:#ffffff;\
             font-size:16px;font-weight:bold;text-decoration:none",
    code: "margin:0 0 16px;font-size:32px;line-height:40px;font-weight:bold;letter-spacing:4px;\
           font-family:Consolas,Menlo,monospace",
    small: "margin:16px 0 0;font-size:13px;line-height:20px;color:#5b6573;word-break:break-all",
};

#[derive(serde::Serialize)]
struct Style {
    p: &'static str,
    note: &'static str,
    button: &'static str,
    code: &'static str,
    small: &'static str,
}

macro_rules! files_of {
    ($lang:literal: $($kind:literal)*) => {
        &[
            ("footer.txt", include_str!(concat!("../templates/", $lang, "/footer.txt"))),
            $(
                (concat!($kind, ".subject"), include_str!(concat!("../templates/", $lang, "/", $kind, ".subject"))),
                (concat!($kind, ".txt"), include_str!(concat!("../templates/", $lang, "/", $kind, ".txt"))),
                (concat!($kind, ".html"), include_str!(concat!("../templates/", $lang, "/", $kind, ".html"))),
            )*
        ]
    };
}

macro_rules! files_in {
    ($lang:literal) => {
        files_of!($lang: "new_package" "package_code" "request" "package_received" "locked" "quarantined_sender" "returned"
            "to_approve" "awaiting_approval" "approved" "disapproved" "delivered" "released" "rejected" "downloaded" "not_intact" "recalled_fetched" "recalled" "expiring" "password_reset" "account_invite"
            "password_changed" "first_login" "token_created" "licence" "guest_code" "test")
    };
}

fn files(lang: Lang) -> &'static [(&'static str, &'static str)] {
    match lang {
        Lang::En => files_in!("en"),
        Lang::Cs => files_in!("cs"),
    }
}

fn environment(lang: Lang) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect("the usual delimiters are good ones"));
    environment.add_filter("moment", move |text: &str| moment(lang, text));
    environment.add_filter("size", move |bytes: u64| lang.size(bytes));
    environment.add_filter("files", move |count: u64| lang.files(count));
    environment.add_filter("minutes", move |count: u64| lang.minutes(count));
    let shared = [("layout.html", include_str!("../templates/layout.html"))];
    for (name, source) in shared.iter().chain(files(lang)) {
        environment
            .add_template(name, source)
            .expect("templates are part of the program and read by its tests");
    }
    environment
}

/// Writes a moment that came through JSON.
fn moment(lang: Lang, text: &str) -> Result<String, minijinja::Error> {
    let at = text.parse().map_err(|source: chrono::ParseError| {
        let kind = minijinja::ErrorKind::InvalidOperation;
        minijinja::Error::new(kind, "not a moment").with_source(source)
    })?;
    Ok(lang.moment(at))
}

/// Cleans every text: one line each, but for notes; no control characters, nothing that reverses the reading order.
fn cleaned(field: &str, value: Value) -> Value {
    match value {
        Value::String(text) if matches!(field, "note" | "reason") => {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            let lines: Vec<String> = lines.lines().map(one_line_uncut).collect();
            Value::String(lines.join("\n"))
        }
        Value::String(text) => Value::String(one_line_uncut(&text)),
        Value::Array(items) => items.into_iter().map(|item| cleaned(field, item)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(field, value)| {
                let value = cleaned(&field, value);
                (field, value)
            })
            .collect(),
        other => other,
    }
}

fn one_line(text: &str) -> String {
    let line = one_line_uncut(text);
    if line.chars().count() <= MAX_SUBJECT {
        return line;
    }
    line.chars().take(MAX_SUBJECT - 1).chain(['…']).collect()
}

pub(crate) fn one_line_uncut(text: &str) -> String {
    let spaced = text.chars().filter(|c| !turns_text(*c)).map(|c| {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if breaks { ' ' } else { c }
    });
    spaced.collect::<String>().trim().to_owned()
}

/// Whether a character changes the direction of the text around it (UAX #9), which can disguise a name.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
