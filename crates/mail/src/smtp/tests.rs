//! Against a scripted server: what is said, and every way it can go wrong.

use std::sync::Mutex as StdMutex;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::envelope::{Mailbox, MessageId};
use crate::render::Rendered;

/// What a scripted server does when a line begins with the trigger.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Say(&'static str),
    HangUp,
    Silence,
}

#[derive(Debug, Clone, Copy)]
struct Script {
    /// `""` is the greeting, `.` the end of the data.
    at: &'static str,
    fault: Fault,
    /// On how many occasions; afterwards the server behaves.
    times: usize,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Vec<String>,
    mails: Vec<String>,
    connections: usize,
    faults: usize,
}

struct Server {
    port: u16,
    heard: Arc<StdMutex<Heard>>,
}

impl Server {
    async fn start(extensions: &'static [&'static str], script: Option<Script>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(StdMutex::new(Heard::default()));
        let shared = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(serve(stream, shared, (extensions, script), true));
            }
        });
        Self { port, heard }
    }

    async fn behaving() -> Self {
        Self::start(&["8BITMIME"], None).await
    }

    async fn faulty(at: &'static str, fault: Fault) -> Self {
        let times = usize::MAX;
        Self::start(
            &["8BITMIME", "AUTH PLAIN"],
            Some(Script { at, fault, times }),
        )
        .await
    }

    fn transport(&self, adjust: impl FnOnce(&mut SmtpConfig)) -> SmtpTransport {
        let mut config = SmtpConfig {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            tls: SmtpTls::None,
            login: None,
            timeout_seconds: 5,
            idle_connections: 2,
        };
        adjust(&mut config);
        SmtpTransport::new(config).unwrap()
    }

    fn lines(&self, verb: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        heard
            .lines
            .iter()
            .filter(|line| line.starts_with(verb))
            .count()
    }

    fn mails(&self) -> Vec<String> {
        self.heard.lock().unwrap().mails.clone()
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    heard: Arc<StdMutex<Heard>>,
    (extensions, script): (&'static [&'static str], Option<Script>),
    mut greets: bool,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut data: Option<String> = None;
    loop {
        if line.is_empty() && data.is_none() && !std::mem::replace(&mut greets, true) {
            // Behind STARTTLS there is no second greeting.
        } else if let Some(mail) = data.as_mut()
            && line != "."
        {
            mail.push_str(&line);
            mail.push('\n');
        } else {
            heard.lock().unwrap().lines.push(line.clone());
            let answer = match fault(&line, script, &heard) {
                Some(Fault::Say(answer)) => answer.to_owned(),
                Some(Fault::HangUp) => return None,
                Some(Fault::Silence) => std::future::pending().await,
                None => usual(&line, extensions),
            };
            if let Some(mail) = data.take()
                && answer.starts_with('2')
            {
                heard.lock().unwrap().mails.push(mail);
            }
            data = answer.starts_with('3').then(String::new);
            stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
            stream.get_mut().write_all(b"\r\n").await.ok()?;
        }
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        assert!(line.ends_with("\r\n"), "lines end with CR LF: {line:?}");
        line.truncate(line.len() - 2);
    }
}

fn fault(line: &str, script: Option<Script>, heard: &StdMutex<Heard>) -> Option<Fault> {
    let script = script?;
    let here = if script.at.is_empty() {
        line.is_empty()
    } else {
        line.starts_with(script.at)
    };
    let mut heard = heard.lock().unwrap();
    if !here || heard.faults >= script.times {
        return None;
    }
    heard.faults += 1;
    Some(script.fault)
}

fn usual(line: &str, extensions: &[&str]) -> String {
    match line.split(' ').next().unwrap_or_default() {
        "" => "220 relay.example ESMTP".to_owned(),
        "EHLO" => {
            let named = extensions.iter().map(|name| format!("250-{name}\r\n"));
            format!(
                "250-relay.example\r\n{}250 SIZE 1000000",
                named.collect::<String>()
            )
        }
        "DATA" => "354 go on".to_owned(),
        "." => "250 2.0.0 queued as 4711".to_owned(),
        "AUTH" => "235 welcome".to_owned(),
        "QUIT" => "221 bye".to_owned(),
        _ => "250 fine".to_owned(),
    }
}

fn mail_to(address: &str) -> Envelope {
    Envelope {
        message_id: MessageId::new("0196f0c0.new_package", "files.example").unwrap(),
        date: "2026-11-22T17:38:00Z".parse().unwrap(),
        from: Mailbox::new(Some("SOFiE, file exchange"), "noreply@files.example").unwrap(),
        reply_to: Some(Mailbox::new(Some("Jana Nováková"), "jana@corp.example").unwrap()),
        to: Mailbox::new(None, address).unwrap(),
        rendered: Rendered {
            subject: "Smlouva č. 7 a přílohy".to_owned(),
            text: "Dobrý den\n.\nQUIT\n..konec\n".to_owned(),
            html: "<p>Dobrý den</p>\n".to_owned(),
        },
    }
}

fn mail() -> Envelope {
    mail_to("petr@partner.example")
}

/// Undoes quoted-printable and base64 well enough to look for text.
fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let found = mail
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in\n{mail}"))
}

#[tokio::test]
async fn hands_over_a_whole_mail() {
    let server = Server::behaving().await;
    let accepted = server.transport(|_| {}).send(&mail()).await.unwrap();
    assert!(accepted.response.contains("queued as 4711"), "{accepted:?}");
    assert_eq!(server.lines("MAIL FROM:<noreply@files.example>"), 1);
    assert_eq!(server.lines("RCPT TO:<petr@partner.example>"), 1);
    let mails = server.mails();
    let [sent] = &mails[..] else {
        panic!("one mail: {mails:?}");
    };
    assert!(sent.is_ascii(), "{sent}");
    assert_eq!(
        header(sent, "Message-ID"),
        "<0196f0c0.new_package@files.example>"
    );
    assert_eq!(header(sent, "Date"), "Sun, 22 Nov 2026 17:38:00 +0000");
    assert!(header(sent, "From").ends_with(" <noreply@files.example>"));
    assert_eq!(header(sent, "To"), "petr@partner.example");
    assert!(header(sent, "Reply-To").ends_with("<jana@corp.example>"));
    assert_eq!(header(sent, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(sent, "MIME-Version"), "1.0");
    assert!(header(sent, "Subject").contains("=?utf-8?"), "{sent}");
    assert!(header(sent, "Content-Type").starts_with("multipart/alternative"));
    let (plain, html) = (sent.find("text/plain"), sent.find("text/html"));
    assert!(
        plain.is_some() && plain < html,
        "the plain text comes first: {sent}"
    );
    assert!(!sent.contains("\nBcc:"));
}

#[tokio::test]
async fn keeps_its_connection_between_mails() {
    let server = Server::behaving().await;
    let transport = server.transport(|_| {});
    for _ in 0..3 {
        transport.send(&mail()).await.unwrap();
    }
    assert_eq!(server.mails().len(), 3);
    assert_eq!(server.heard.lock().unwrap().connections, 1);
}

#[tokio::test]
async fn passing_refusals_are_transient_at_every_verb() {
    for at in ["", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let server = Server::faulty(at, Fault::Say("451 4.7.1 greylisted, come back")).await;
        let error = server.transport(|_| {}).send(&mail()).await.unwrap_err();
        assert!(!error.is_permanent(), "{at}: {error:?}");
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn final_refusals_of_the_mail_are_permanent() {
    for at in ["MAIL", "RCPT", "DATA", "."] {
        let server = Server::faulty(at, Fault::Say("550 5.1.1 no such user")).await;
        let error = server.transport(|_| {}).send(&mail()).await.unwrap_err();
        assert!(error.is_permanent(), "{at}: {error:?}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("no such user"), "{cause}");
    }
}

#[tokio::test]
async fn refusals_of_ourselves_are_not_the_mails_fault() {
    for (at, answer) in [
        ("", "554 no service here"),
        ("EHLO", "550 go away"),
        ("AUTH", "535 wrong password"),
    ] {
        let server = Server::faulty(at, Fault::Say(answer)).await;
        let transport = server.transport(|config| {
            let password = SecretString::from("moonlight".to_owned());
            config.login = Some(SmtpLogin {
                user: "sofie".to_owned(),
                password,
            });
        });
        assert!(
            !transport.send(&mail()).await.unwrap_err().is_permanent(),
            "{at}"
        );
        assert!(transport.probe().await.is_err(), "{at}");
        assert_eq!(server.lines("MAIL"), 0);
    }
}

#[tokio::test]
async fn a_broken_connection_is_transient_wherever_it_breaks() {
    for at in ["", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let script = Script {
            at,
            fault: Fault::HangUp,
            times: 1,
        };
        let server = Server::start(&["8BITMIME"], Some(script)).await;
        let transport = server.transport(|_| {});
        assert!(
            !transport.send(&mail()).await.unwrap_err().is_permanent(),
            "{at}"
        );
        transport.send(&mail()).await.unwrap();
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{at}");
        assert_eq!(
            header(&mails[0], "Message-ID"),
            mail().message_id.to_string()
        );
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_its_connection_never_used_again() {
    for at in ["", "RCPT", "."] {
        let script = Script {
            at,
            fault: Fault::Silence,
            times: 1,
        };
        let server = Server::start(&["8BITMIME"], Some(script)).await;
        let transport = server.transport(|config| config.timeout_seconds = 1);
        let error = transport.send(&mail()).await.unwrap_err();
        assert!(!error.is_permanent(), "{at}: {error:?}");
        transport.send(&mail_to("eva@other.example")).await.unwrap();
        assert_eq!(server.mails().len(), 1);
        assert_eq!(server.heard.lock().unwrap().connections, 2, "{at}");
    }
}

#[tokio::test]
async fn a_sender_that_stops_waiting_leaves_no_half_mail_behind() {
    let script = Script {
        at: ".",
        fault: Fault::Silence,
        times: 1,
    };
    let server = Server::start(&["8BITMIME"], Some(script)).await;
    let transport = server.transport(|_| {});
    let letter = mail();
    let mut sending = Box::pin(transport.send(&letter));
    while server.lines(".") == 0 {
        let waited = tokio::time::timeout(Duration::from_millis(10), &mut sending).await;
        assert!(waited.is_err(), "the server never answers");
    }
    drop(sending);
    transport.send(&mail_to("eva@other.example")).await.unwrap();
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].matches("Message-ID:").count(), 1, "{}", mails[0]);
    assert_eq!(header(&mails[0], "To"), "eva@other.example");
}

#[tokio::test]
async fn a_connection_the_server_closed_meanwhile_is_replaced() {
    let script = Script {
        at: "NOOP",
        fault: Fault::HangUp,
        times: 1,
    };
    let server = Server::start(&["8BITMIME"], Some(script)).await;
    let transport = server.transport(|_| {});
    transport.send(&mail()).await.unwrap();
    transport.send(&mail()).await.unwrap();
    assert_eq!(server.mails().len(), 2);
    assert_eq!(server.heard.lock().unwrap().connections, 2);
}

#[tokio::test]
async fn nothing_is_said_in_plain_where_tls_is_required() {
    let login = |config: &mut SmtpConfig| {
        config.tls = SmtpTls::StarttlsRequired;
        let password = SecretString::from("moonlight".to_owned());
        config.login = Some(SmtpLogin {
            user: "sofie".to_owned(),
            password,
        });
    };
    let bare = Server::start(&["8BITMIME", "AUTH PLAIN"], None).await;
    let refusing = Server::start(
        &["STARTTLS", "AUTH PLAIN"],
        Some(Script {
            at: "STARTTLS",
            fault: Fault::Say("454 not now"),
            times: 9,
        }),
    )
    .await;
    let lying = Server::start(&["STARTTLS", "AUTH PLAIN"], None).await;
    for server in [bare, refusing, lying] {
        let error = server.transport(login).send(&mail()).await.unwrap_err();
        assert!(!error.is_permanent(), "{error:?}");
        assert_eq!(server.lines("AUTH") + server.lines("MAIL"), 0);
    }
    let plain = Server::behaving().await;
    let transport = plain.transport(|config| {
        config.tls = SmtpTls::Tls;
        config.timeout_seconds = 1;
    });
    assert!(!transport.send(&mail()).await.unwrap_err().is_permanent());
    assert_eq!(plain.lines("MAIL") + plain.lines("EHLO"), 0);
}

#[tokio::test]
async fn a_local_part_beyond_ascii_needs_smtputf8() {
    let without = Server::behaving().await;
    let error = without
        .transport(|_| {})
        .send(&mail_to("jiří@partner.example"))
        .await
        .unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    let with = Server::start(&["SMTPUTF8", "8BITMIME"], None).await;
    with.transport(|_| {})
        .send(&mail_to("jiří@partner.example"))
        .await
        .unwrap();
    let domain = Server::behaving().await;
    domain
        .transport(|_| {})
        .send(&mail_to("jana@příklad.example"))
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_there_is_transient() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let heard = Arc::default();
    let transport = Server { port, heard }.transport(|_| {});
    assert!(!transport.send(&mail()).await.unwrap_err().is_permanent());
}

#[test]
fn configuration_is_strict_and_its_password_hidden() {
    let read = |text: &str| serde_json::from_str::<SmtpConfig>(text);
    let config = read(
        r#"{"host": "relay.example", "tls": "starttls_required", "login": {"user": "sofie", "password": "moonlight"}}"#,
    );
    let config = config.unwrap();
    assert_eq!(config.tls.usual_port(), 587);
    assert!(!format!("{config:?}").contains("moonlight"));
    for bad in [
        r#"{"host": "relay.example"}"#,
        r#"{"host": "relay.example", "tls": "opportunistic"}"#,
        r#"{"host": "relay.example", "tls": "tls", "verify": false}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn debug_hides_the_password() {
    let server = Server::behaving().await;
    let transport = server.transport(|config| {
        let password = SecretString::from("moonlight".to_owned());
        config.login = Some(SmtpLogin {
            user: "sofie".to_owned(),
            password,
        });
    });
    assert!(!format!("{transport:?}").contains("moonlight"));
}

mod tls;
