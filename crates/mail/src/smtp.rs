//! Mail to a server over SMTP (RFC 5321), with TLS as set and never less.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use crate::envelope::Envelope;
use crate::transport::{Accepted, SendError, Transport};

/// How long the server may take to accept the TCP connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection is kept between mails; servers commonly close theirs after a minute or more.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// Where mail goes and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// The port; without one the usual of `tls`: 25, 587 or 465.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Who we are to the server, if it asks.
    #[serde(default)]
    pub login: Option<SmtpLogin>,
    /// How many seconds one mail may take, from connecting to the server's word.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// How many idle connections are kept.
    #[serde(default = "default_idle")]
    pub idle_connections: usize,
}

fn default_timeout() -> u64 {
    60
}

fn default_idle() -> usize {
    4
}

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Not at all: only for a server on the same machine or network.
    None,
    /// STARTTLS (RFC 3207); a server that doesn't offer it gets no mail.
    StarttlsRequired,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

impl SmtpTls {
    const fn usual_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StarttlsRequired => 587,
            Self::Tls => 465,
        }
    }
}

/// A user name and its password.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpLogin {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// Sends over SMTP, keeping connections between mails. Clones share them.
#[derive(Clone)]
pub struct SmtpTransport {
    inner: Arc<Inner>,
}

struct Inner {
    config: SmtpConfig,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

/// A connection between mails. One in use belongs to the mail alone: when that is given up half-way, the connection
/// is closed with it, so that the next mail can't be written into the unfinished one.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl SmtpTransport {
    /// Prepares the transport; nothing is connected yet.
    pub fn new(config: SmtpConfig) -> Result<Self, SendError> {
        let parameters = TlsParameters::builder(config.host.clone());
        Self::with_tls(config, parameters)
    }

    /// The same with what TLS goes by; the machine's own certificate authorities are trusted in any case.
    fn with_tls(config: SmtpConfig, parameters: TlsParametersBuilder) -> Result<Self, SendError> {
        let tls = match config.tls {
            SmtpTls::None => None,
            SmtpTls::StarttlsRequired | SmtpTls::Tls => {
                Some(parameters.build().map_err(SendError::transient)?)
            }
        };
        let inner = Inner {
            config,
            tls,
            hello: ClientId::default(),
            idle: Mutex::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Connects, protects and logs in as for a mail, without sending one: for a test button.
    pub async fn probe(&self) -> Result<(), SendError> {
        let mut connection = self.inner.in_time(self.inner.connect()).await?;
        connection.abort().await;
        Ok(())
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, mail: &Envelope) -> Result<Accepted, SendError> {
        let message = write_message(mail)?;
        let response = self.inner.in_time(self.inner.converse(&message)).await?;
        Ok(Accepted { response })
    }
}

impl Inner {
    async fn in_time<T>(
        &self,
        talk: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let limit = Duration::from_secs(self.config.timeout_seconds);
        let ended = tokio::time::timeout(limit, talk).await;
        ended.unwrap_or_else(|_| Err(SendError::transient(TimedOut(limit))))
    }

    async fn converse(&self, message: &Message) -> Result<String, SendError> {
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let sent = connection
            .send(message.envelope(), &message.formatted())
            .await;
        let response = sent.map_err(|error| judge(error, message.envelope()))?;
        self.keep(connection);
        let lines: Vec<&str> = response.message().collect();
        Ok(lines.join(" "))
    }

    /// Returns an idle connection that still answers.
    async fn reuse(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut idle = self.idle().pop()?;
            if idle.since.elapsed() < MAX_IDLE && idle.connection.test_connected().await {
                return Some(idle.connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let since = Instant::now();
        let mut idle = self.idle();
        if idle.len() < self.config.idle_connections {
            idle.push(Idle { connection, since });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects anew. Whatever goes wrong here says nothing of a mail, so it is never permanent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        self.try_connect().await.map_err(SendError::transient)
    }

    async fn try_connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Self {
            config, tls, hello, ..
        } = self;
        let port = config.port.unwrap_or(config.tls.usual_port());
        let server = (config.host.as_str(), port);
        let at_once = tls.clone().filter(|_| config.tls == SmtpTls::Tls);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), hello, at_once, None)
                .await?;
        if let (SmtpTls::StarttlsRequired, Some(tls)) = (config.tls, tls) {
            connection.starttls(tls.clone(), hello).await?;
        }
        if let Some(SmtpLogin { user, password }) = &config.login {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(user.clone(), password);
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpTransport")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("mail server did not finish within {0:?}")]
struct TimedOut(Duration);

/// Decides whether sending again can help.
fn judge(error: SmtpError, envelope: &lettre::address::Envelope) -> SendError {
    // Answers that ask to log in or to protect the connection (RFC 4954 §6) don't speak of the mail.
    let about_us = matches!(error.status().map(u16::from), Some(530 | 534 | 535 | 538));
    // The one complaint of the client itself about a mail: the server lacks SMTPUTF8.
    let mut addresses = envelope.to().iter().chain(envelope.from());
    let needs_utf8 = addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii());
    let cannot_address = error.is_client() && needs_utf8;
    if cannot_address || (error.is_permanent() && !about_us) {
        SendError::permanent(error)
    } else {
        SendError::transient(error)
    }
}

fn write_message(mail: &Envelope) -> Result<Message, SendError> {
    let mut builder = Message::builder()
        .message_id(Some(mail.message_id.to_string()))
        .date(mail.date.into())
        .from(mail.from.to_lettre())
        .to(mail.to.to_lettre())
        .subject(mail.rendered.subject.clone())
        .header(AutoSubmitted);
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(reply_to.to_lettre());
    }
    let Envelope { rendered, .. } = mail;
    let parts = MultiPart::alternative_plain_html(rendered.text.clone(), rendered.html.clone());
    builder.multipart(parts).map_err(SendError::permanent)
}

/// Tells vacation responders not to answer (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests;
