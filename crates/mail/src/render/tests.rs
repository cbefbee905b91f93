use super::*;
use crate::template::{
    AccountEvent, AccountInvite, Code, Decided, Delivered, Downloaded, Expiring, Licence, Locked,
    NewPackage, NotIntact, PackageReceived, PasswordReset, Quarantined, Recalled, RecalledFetched,
    Rejected, Released, Request, TestMail, ToApprove, TokenCreated,
};
use chrono::{DateTime, Utc};
use proptest::prelude::*;

const LINK: &str = "https://files.example/p/0196f0c0#sofie_lnk_AAAA";

fn at() -> DateTime<Utc> {
    "2026-11-22T17:38:00Z".parse().unwrap()
}

/// One mail of every kind, with `value` wherever a person may have written something.
fn all(value: &str) -> Vec<Template> {
    let mut all = about_packages(value);
    all.extend(about_held(value));
    all.extend(about_recalls(value));
    all.extend(about_approvals(value));
    all.extend(about_accounts(value));
    all.extend(about_licences(value));
    all
}

fn about_licences(value: &str) -> Vec<Template> {
    let mail = |demo, fault: Option<&str>, until| {
        Template::Licence(Licence {
            holder: Some(value.to_owned()),
            demo,
            fault: fault.map(str::to_owned),
            until,
            link: LINK.to_owned(),
        })
    };
    let faults = [
        "invalid",
        "revoked",
        "other_host",
        "too_many_users",
        "expired",
        "not_refreshed",
    ];
    let mut all: Vec<Template> = faults
        .into_iter()
        .map(|fault| mail(true, Some(fault), None))
        .collect();
    all.push(mail(false, None, Some(at())));
    all.push(mail(false, Some("expired"), Some(at())));
    all
}

fn about_recalls(value: &str) -> Vec<Template> {
    let (text, title) = (value.to_owned(), Some(value.to_owned()));
    let fetched = RecalledFetched {
        sender: text.clone(),
        title: title.clone(),
        name: text.clone(),
    };
    let list = |fetched_by: Vec<String>, unknown| {
        Template::Recalled(Recalled {
            title: title.clone(),
            name: text.clone(),
            fetched_by,
            unknown,
            link: LINK.to_owned(),
        })
    };
    vec![
        Template::NotIntact(NotIntact {
            corrupted: 2,
            inaccessible: 1,
            link: LINK.to_owned(),
        }),
        Template::RecalledFetched(fetched),
        list(vec![text.clone()], 2),
        list(Vec::new(), 0),
    ]
}

fn about_approvals(value: &str) -> Vec<Template> {
    let decided = Decided {
        title: Some(value.to_owned()),
        reason: value.to_owned(),
        link: LINK.to_owned(),
    };
    let asked = ToApprove {
        sender: value.to_owned(),
        title: Some(value.to_owned()),
        names: vec![value.to_owned(), "invoice.docm".to_owned()],
        link: LINK.to_owned(),
    };
    vec![
        Template::ToApprove(asked),
        Template::AwaitingApproval(held(value)),
        Template::Approved(decided.clone()),
        Template::Disapproved(decided),
    ]
}

fn held(value: &str) -> Quarantined {
    Quarantined {
        title: Some(value.to_owned()),
        names: vec![value.to_owned(), "invoice.docm".to_owned()],
        link: LINK.to_owned(),
    }
}

fn about_held(value: &str) -> Vec<Template> {
    let held = held(value);
    vec![
        Template::Locked(Locked {
            sender: value.to_owned(),
            files: 2,
            link: LINK.to_owned(),
        }),
        Template::QuarantinedSender(held.clone()),
        Template::Returned(held),
    ]
}

fn about_packages(value: &str) -> Vec<Template> {
    let (text, title) = (value.to_owned(), Some(value.to_owned()));
    let link = LINK.to_owned();
    vec![
        Template::NewPackage(NewPackage {
            sender: text.clone(),
            title: title.clone(),
            note: title.clone(),
            files: 3,
            bytes: 1_500_000,
            link: link.clone(),
            expires_at: Some(at()),
            password: true,
        }),
        Template::Request(Request {
            sender: text.clone(),
            title: title.clone(),
            note: title.clone(),
            link: link.clone(),
            expires_at: Some(at()),
            password: true,
        }),
        Template::PackageReceived(PackageReceived {
            sender: text.clone(),
            title: title.clone(),
            files: 1,
            bytes: 12,
            link: link.clone(),
        }),
        Template::Delivered(Delivered {
            title: title.clone(),
            recipients: vec![text.clone()],
            link: link.clone(),
        }),
        Template::Released(Released {
            title: title.clone(),
            link: link.clone(),
        }),
        Template::Rejected(Rejected {
            title: title.clone(),
            reason: text.clone(),
            link: link.clone(),
        }),
        Template::Downloaded(Downloaded {
            title: title.clone(),
            recipient: Some(text.clone()),
            at: at(),
            link: link.clone(),
        }),
        Template::Expiring(Expiring {
            sender: text,
            title,
            expires_at: at(),
            link,
        }),
    ]
}

fn about_accounts(value: &str) -> Vec<Template> {
    let (text, link) = (value.to_owned(), LINK.to_owned());
    let code = Code {
        code: "1234 5678".to_owned(),
        minutes: 10,
    };
    let event = AccountEvent {
        login: text.clone(),
        at: at(),
        address: None,
    };
    vec![
        Template::PackageCode(code.clone()),
        Template::PasswordReset(PasswordReset {
            link: link.clone(),
            minutes: 60,
        }),
        Template::AccountInvite(AccountInvite {
            login: text.clone(),
            link,
            expires_at: at(),
        }),
        Template::PasswordChanged(event.clone()),
        Template::FirstLogin(event),
        Template::TokenCreated(TokenCreated {
            login: text.clone(),
            name: text.clone(),
            at: at(),
            expires_at: None,
            address: Some(text.clone()),
        }),
        Template::GuestCode(code),
        Template::Test(TestMail {
            requested_by: text,
            at: at(),
        }),
    ]
}

/// Mails without a link: codes, and warnings, which must not teach anybody to follow links in warnings.
const WITHOUT_LINK: &[&str] = &[
    "package_code",
    "guest_code",
    "test",
    "password_changed",
    "first_login",
    "token_created",
    "recalled_fetched",
];

fn render(template: &Template, lang: Lang) -> Rendered {
    Renderer::new("SOFiE").render(template, lang).unwrap()
}

fn link_in_html() -> String {
    LINK.replace('/', "&#x2f;")
}

#[test]
fn every_kind_is_complete_in_every_language() {
    for lang in Lang::ALL {
        for template in all("Účetní závěrka") {
            let kind = template.kind();
            let mail = render(&template, lang);
            assert!(!mail.subject.is_empty(), "{kind}");
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(
                    !part.contains("{{") && !part.contains("{%"),
                    "{kind}: {part}"
                );
                assert!(
                    !part.contains("none") || !part.contains("None"),
                    "{kind}: {part}"
                );
            }
            assert!(
                mail.html
                    .contains(&format!("<html lang=\"{}\">", lang.tag()))
            );
            assert!(!mail.text.contains("\n\n\n"), "{kind}: {}", mail.text);
            let has_link = mail.text.contains(LINK);
            let wants_link = !WITHOUT_LINK.contains(&kind);
            assert_eq!(has_link, wants_link, "{kind}");
            assert_eq!(
                mail.html.contains(&format!("href=\"{}\"", link_in_html())),
                wants_link,
                "{kind}: {}",
                mail.html
            );
            let shown = mail.text.contains("Účetní") || mail.text.contains("1234 5678");
            let no_words = matches!(kind, "password_reset" | "not_intact");
            assert!(shown || no_words, "{kind}");
        }
    }
}

#[test]
fn languages_differ() {
    for template in all("x") {
        let [en, cs] = Lang::ALL.map(|lang| render(&template, lang));
        assert!(en.subject != cs.subject && en.text != cs.text && en.html != cs.html);
    }
}

#[test]
fn html_is_one_document_that_loads_nothing() {
    for lang in Lang::ALL {
        for template in all("x") {
            let html = render(&template, lang).html;
            for foreign in [
                "src=", "<img", "<link", "<script", "<style", "url(", "@import", "<iframe", "<form",
            ] {
                assert!(!html.contains(foreign), "{foreign} in {}", template.kind());
            }
            let hrefs = html.matches("href=").count();
            let own = html
                .matches(&format!("href=\"{}\"", link_in_html()))
                .count();
            assert_eq!(hrefs, own);
            for tag in [
                "table", "p", "h1", "ul", "li", "a", "td", "tr", "body", "html", "strong",
            ] {
                let opened = html.matches(&format!("<{tag}>")).count()
                    + html.matches(&format!("<{tag} ")).count();
                assert_eq!(
                    opened,
                    html.matches(&format!("</{tag}>")).count(),
                    "{tag} in {}",
                    template.kind()
                );
            }
        }
    }
}

fn tags(html: &str) -> [usize; 2] {
    [html.matches('<').count(), html.matches('"').count()]
}

#[test]
fn hostile_values_stay_text() {
    let hostile = "\"><script>alert(1)</script><a href='https://evil.example'>{{7*7}}{% raw %}\r\nBcc: all@evil.example\u{0}\u{202e}gpj";
    for lang in Lang::ALL {
        for (template, benign) in all(hostile).iter().zip(all("x")) {
            let benign = render(&benign, lang);
            let mail = render(template, lang);
            let kind = template.kind();
            assert!(
                !mail.subject.contains(char::is_control),
                "{kind}: {:?}",
                mail.subject
            );
            assert!(
                !mail.html.contains("<script") && !mail.html.contains("href='"),
                "{kind}: {}",
                mail.html
            );
            assert_eq!(
                tags(&mail.html),
                tags(&benign.html),
                "{kind}: a value made a tag"
            );
            for part in [&mail.text, &mail.html] {
                assert!(!part.contains("49"), "{kind}: a value was evaluated");
                assert!(
                    !part.contains('\u{202e}') && !part.contains('\u{0}'),
                    "{kind}"
                );
            }
            assert!(
                !mail.text.lines().any(|line| line.starts_with("Bcc:")),
                "{kind}: a value broke out of its line"
            );
            let shows = mail.text.contains("{{7*7}}{% raw %}");
            let has_value = !matches!(
                kind,
                "package_code" | "guest_code" | "password_reset" | "not_intact"
            );
            assert_eq!(shows, has_value, "{kind}");
        }
    }
}

#[test]
fn a_hostile_link_stays_in_its_attribute() {
    let template = Template::Released(Released {
        title: None,
        link: "https://files.example/\" onclick=\"x".to_owned(),
    });
    let html = render(&template, Lang::En).html;
    assert!(
        html.contains("&quot; onclick=&quot;x") && !html.contains("\" onclick"),
        "{html}"
    );
}

#[test]
fn notes_keep_their_lines_and_titles_do_not() {
    let template = Template::NewPackage(NewPackage {
        sender: "Jana Nováková".to_owned(),
        title: Some("Two\nlines".to_owned()),
        note: Some("Hello,\r\nhere they are.\u{1b}[31m\n\nJana".to_owned()),
        files: 2,
        bytes: 2_000,
        link: LINK.to_owned(),
        expires_at: None,
        password: false,
    });
    let mail = render(&template, Lang::En);
    assert_eq!(
        mail.subject,
        "Jana Nováková sent you 2\u{a0}files: Two lines"
    );
    let expected = format!(
        "Jana Nováková sent you 2\u{a0}files (2.0\u{a0}kB).\n\
         Title: Two lines\n\n    \
         Hello,\n    here they are. [31m\n\n    Jana\n\n\
         Get the files here:\n{LINK}\n\n\
         All files were checked before this message was sent.\n\n--\n\
         This message was sent automatically. If you did not expect it, you can ignore it.\n"
    );
    assert_eq!(mail.text.trim_end(), expected.trim_end());
    assert!(
        mail.html
            .contains("Hello,\nhere they are. [31m\n\nJana</p>"),
        "{}",
        mail.html
    );
}

#[test]
fn czech_is_czech() {
    let [mail, ..] = &all("Smlouva")[..] else {
        panic!("there are mails");
    };
    let mail = render(mail, Lang::Cs);
    assert_eq!(mail.subject, "Smlouva vám posílá 3\u{a0}soubory: Smlouva");
    assert!(mail.text.contains("(1,5\u{a0}MB)"), "{}", mail.text);
    assert!(
        mail.text.contains("do 22. listopadu 2026 v 17:38 UTC"),
        "{}",
        mail.text
    );
}

#[test]
fn long_subjects_are_cut() {
    let template = Template::Released(Released {
        title: Some("ž".repeat(500)),
        link: LINK.to_owned(),
    });
    let subject = render(&template, Lang::En).subject;
    assert_eq!(subject.chars().count(), MAX_SUBJECT);
    assert!(subject.ends_with('…'));
}

#[test]
fn stored_templates_are_read_back() {
    for template in all("Smlouva") {
        let stored = serde_json::to_value(&template).unwrap();
        assert_eq!(stored["kind"], template.kind());
        assert_eq!(
            serde_json::from_value::<Template>(stored).unwrap(),
            template
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_value_breaks_a_mail(value in "\\PC{0,60}|[\u{0}-\u{1f}<>\"'&{}% a-z]{0,60}") {
        let renderer = Renderer::new(value.clone());
        for lang in Lang::ALL {
            for template in all(&value) {
                let mail = renderer.render(&template, lang).unwrap();
                prop_assert!(!mail.subject.contains(char::is_control));
                let plain = renderer.render(&all("x")[0], lang).unwrap();
                prop_assert!(plain.html.matches("<p").count() > 2);
            }
        }
    }
}

#[test]
fn what_is_not_known_is_left_out_of_notices() {
    let (title, link) = (None, LINK.to_owned());
    let nobody = Template::Downloaded(Downloaded {
        title: title.clone(),
        recipient: None,
        at: at(),
        link: link.clone(),
    });
    let by_link = Template::Delivered(Delivered {
        title,
        recipients: Vec::new(),
        link,
    });
    for (template, en, cs) in [
        (nobody, "Somebody with the link", "odkaz"),
        (by_link, "by the package's link", "přes odkaz"),
    ] {
        assert!(render(&template, Lang::En).text.contains(en));
        assert!(render(&template, Lang::Cs).text.contains(cs));
    }
}
