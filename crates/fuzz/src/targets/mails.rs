//! Mails: what people wrote stays text in them.

use std::sync::LazyLock;

use chrono::DateTime;
use sofie_mail::{Code, Lang, NewPackage, Quarantined, Rejected, Rendered, Renderer, Template};

use crate::input::{Input, Script};

static RENDERER: LazyLock<Renderer> = LazyLock::new(|| Renderer::new("SOFiE"));

/// What one mail says, with these words of people.
fn template(kind: u8, words: [&str; 3]) -> Template {
    let [first, second, third] = words.map(str::to_owned);
    let link = "https://files.example.org/p#secret".to_owned();
    match kind % 4 {
        0 => Template::NewPackage(NewPackage {
            sender: first,
            title: Some(second),
            note: Some(third),
            files: 2,
            bytes: 5_000_000,
            link,
            expires_at: Some(DateTime::UNIX_EPOCH),
            password: true,
        }),
        1 => Template::Rejected(Rejected {
            title: Some(first),
            reason: second,
            link,
        }),
        2 => Template::QuarantinedSender(Quarantined {
            title: Some(first),
            names: vec![second, third],
            link,
        }),
        _ => Template::PackageCode(Code {
            code: first,
            minutes: 10,
        }),
    }
}

fn render(kind: u8, words: [&str; 3], lang: Lang) -> Rendered {
    let rendered = RENDERER.render(&template(kind, words), lang);
    rendered.expect("every value of a template can be rendered")
}

/// How many marks that build a page there are.
fn marks(html: &str) -> [usize; 3] {
    ["<", ">", "\""].map(|mark| html.matches(mark).count())
}

/// Whether the words are still there once hidden characters are gone: an empty one may leave out its sentence.
fn is_something(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, lang) = (
        input.byte(),
        Lang::ALL[usize::from(input.byte()) % Lang::ALL.len()],
    );
    let (first, second, third) = (input.text(), input.text(), input.rest_text());
    let words = [&*first, &*second, &*third];
    let mail = render(kind, words, lang);
    assert!(
        !mail.subject.contains(char::is_control),
        "{:?}",
        mail.subject
    );
    assert!(
        !mail.subject.is_empty() && mail.subject.chars().count() <= 150,
        "{:?}",
        mail.subject
    );
    let others = |c: char| c.is_control() && c != '\n';
    assert!(!mail.text.contains(others) && !mail.html.contains(others));
    if words.into_iter().all(is_something) {
        let plain = render(kind, ["a", "b", "c"], lang);
        assert_eq!(
            marks(&mail.html),
            marks(&plain.html),
            "words of people became a page"
        );
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for kind in 0..4 {
        for (first, second) in [
            ("Jana", "Title"),
            ("<b>x</b>", "{{ link }}"),
            ("a\r\nBcc: x@y.cz", "\"'&lt;"),
        ] {
            let script = Script::default()
                .byte(kind)
                .byte(kind)
                .text(first)
                .text(second);
            seeds.push(script.rest(b"line one\r\nline two {% for %}"));
        }
    }
    seeds
}
