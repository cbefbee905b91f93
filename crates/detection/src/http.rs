//! What engines that speak HTTP have in common: a client, short questions, and a file that is handed over piece by
//! piece inside a question whose length is known beforehand.

mod fields;
mod json;
mod multipart;
mod pace;
mod refusal;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::adapter;
use crate::body::{Body, Broken};
use crate::config::Fault;
use crate::runtime::{Setup, Times};
use crate::tls::{self, Identity};
use crate::verdict::ErrorKind;

pub(crate) use fields::{CERTIFICATE, addresses, percent, secret, server, servers};
pub(crate) use json::json;
pub(crate) use multipart::multipart;
pub(crate) use pace::Pace;
pub(crate) use refusal::{accepted, all, refusal, refused, taken_whole};

/// The longest answer that is one.
const LONGEST: usize = 1 << 20;
/// How much is handed over at once, in bytes.
const PIECE: usize = 64 << 10;

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// HTTP or what is below it.
    #[error("talking to the server")]
    Talk(#[source] reqwest::Error),
    /// Silence.
    #[error("waiting for the server: {0}")]
    Late(&'static str),
    /// More words than any answer has.
    #[error("the answer is too long")]
    TooLong,
    /// The file could not be handed over.
    #[error(transparent)]
    Content(#[from] Broken),
}

impl From<Failure> for adapter::Failure {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Talk(error) if error.is_connect() => ErrorKind::Connect,
            Failure::Talk(error) if error.is_timeout() => ErrorKind::Timeout,
            Failure::Talk(_) | Failure::TooLong => ErrorKind::Protocol,
            Failure::Late(_) | Failure::Content(Broken::TooSlow) => ErrorKind::Timeout,
            Failure::Content(Broken::Source) => ErrorKind::Source,
        };
        Self::new(kind, &failure)
    }
}

/// A client that trusts `certificate`, or the machine's if that is empty.
pub(crate) fn client(setup: &Setup, certificate: &str) -> Result<Client, Fault> {
    let tls = tls::config(certificate).map_err(|_| Fault::invalid("certificate"))?;
    over(setup, tls)
}

/// The same, by a certificate of our own.
pub(crate) fn client_as(
    setup: &Setup,
    certificate: &str,
    identity: Identity<'_>,
) -> Result<Client, Fault> {
    tls::config(certificate).map_err(|_| Fault::invalid("certificate"))?;
    let tls = tls::config_as(certificate, identity);
    over(setup, tls.map_err(|_| Fault::invalid("client_key"))?)
}

fn over(setup: &Setup, tls: rustls::ClientConfig) -> Result<Client, Fault> {
    Client::builder()
        .use_preconfigured_tls(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(setup.times.connect)
        .build()
        .map_err(|_| Fault::invalid("certificate"))
}

/// A server's address, without a path of its own.
fn address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let bare = url.username().is_empty() && url.password().is_none() && url.has_host();
    let fits = plain && bare && ["http", "https"].contains(&url.scheme());
    fits.then_some(url)
}

/// Asks a short question; the status and the answer.
pub(crate) async fn ask(request: RequestBuilder, times: Times) -> Result<(u16, Vec<u8>), Failure> {
    let talk = async {
        let answer = request.send().await.map_err(Failure::Talk)?;
        Ok((answer.status().as_u16(), read(answer).await?))
    };
    timeout(times.connect + times.idle, talk)
        .await
        .map_err(|_| Failure::Late("it does not answer"))?
}

/// What stands around the content in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) before: Bytes,
    pub(crate) after: Bytes,
    /// How the content stands there.
    pub(crate) form: Form,
}

/// How content stands in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// As base64.
    Base64,
}

impl Frame {
    /// Nothing but the content.
    pub(crate) const fn only(form: Form) -> Self {
        Self {
            before: Bytes::new(),
            after: Bytes::new(),
            form,
        }
    }

    /// How long the whole question is, with content of so many bytes.
    pub(crate) fn length(&self, size: u64) -> u64 {
        let content = match self.form {
            Form::Plain => size,
            Form::Base64 => size.div_ceil(3) * 4,
        };
        self.before.len() as u64 + content + self.after.len() as u64
    }
}

/// Encodes pieces; what does not fill three bytes of base64 waits for the next piece.
#[derive(Debug)]
pub(crate) struct Encoder {
    form: Form,
    waiting: Vec<u8>,
}

impl Encoder {
    pub(crate) const fn new(form: Form) -> Self {
        let waiting = Vec::new();
        Self { form, waiting }
    }

    pub(crate) fn piece(&mut self, piece: Bytes) -> Bytes {
        if self.form == Form::Plain {
            return piece;
        }
        self.waiting.extend_from_slice(&piece);
        let whole = self.waiting.len() / 3 * 3;
        let text = STANDARD.encode(&self.waiting[..whole]);
        self.waiting.drain(..whole);
        text.into()
    }

    pub(crate) fn end(self) -> Bytes {
        STANDARD.encode(self.waiting).into()
    }
}

/// How much of a file was handed over, and whether that was all of it.
pub(crate) type Sent = (u64, bool);

/// Hands a file of `size` bytes over and brings back the status, the answer, and what was sent.
pub(crate) async fn send(
    request: RequestBuilder,
    (frame, size): (&Frame, u64),
    body: &mut Body,
    times: Times,
) -> Result<(u16, Vec<u8>, Sent), Failure> {
    // Little is under way that the server has not taken: what it says before the end must be seen to be early.
    let (pieces, taken) = mpsc::channel::<Bytes>(1);
    let content = stream::unfold(taken, |mut taken| async move {
        let piece = taken.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), taken))
    });
    let request = request
        .header(CONTENT_LENGTH, frame.length(size))
        .body(reqwest::Body::wrap_stream(content));
    let mut sent = (0, false);
    let answer = {
        let mut answer = Box::pin(request.send());
        let feed = feed(frame, body, pieces, times, &mut sent);
        tokio::select! {
            biased;
            early = &mut answer => Ok(early),
            all_handed = feed => match all_handed {
                Err(failure) => return Err(failure),
                Ok(()) => timeout(times.verdict, answer).await,
            },
        }
    };
    let answer = answer.map_err(|_| Failure::Late("no verdict"))?;
    let answer = answer.map_err(Failure::Talk)?;
    let status = answer.status().as_u16();
    let read = timeout(times.idle, read(answer)).await;
    let bytes = read.map_err(|_| Failure::Late("its answer does not end"))??;
    Ok((status, bytes, sent))
}

/// Hands the question over piece by piece. That nobody takes more is no failure: there may be an answer.
async fn feed(
    frame: &Frame,
    body: &mut Body,
    pieces: mpsc::Sender<Bytes>,
    times: Times,
    sent: &mut Sent,
) -> Result<(), Failure> {
    let hand = async |mut piece: Bytes| -> Result<bool, Failure> {
        while !piece.is_empty() {
            let next = piece.split_to(piece.len().min(PIECE));
            let handed = timeout(times.idle, pieces.send(next)).await;
            if handed
                .map_err(|_| Failure::Late("it accepts no more content"))?
                .is_err()
            {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let mut encoder = Encoder::new(frame.form);
    let mut taken = hand(frame.before.clone()).await?;
    while let Some(piece) = body.next().await? {
        let length = piece.len() as u64;
        taken = taken && hand(encoder.piece(piece)).await?;
        if !taken {
            return Ok(());
        }
        sent.0 += length;
    }
    sent.1 = taken && hand(encoder.end()).await? && hand(frame.after.clone()).await?;
    Ok(())
}

/// Reads an answer to its end.
pub(crate) async fn read(answer: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(Failure::Talk)?);
        if bytes.len() > LONGEST {
            return Err(Failure::TooLong);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_pieces_make_the_question_that_was_announced(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..8),
            base64 in any::<bool>(),
        ) {
            let content = pieces.concat();
            let form = if base64 { Form::Base64 } else { Form::Plain };
            let frame = Frame { before: "before".into(), after: "after!".into(), form };
            let mut encoder = Encoder::new(form);
            let mut question = frame.before.to_vec();
            for piece in pieces {
                question.extend(encoder.piece(piece.into()));
            }
            question.extend(encoder.end());
            question.extend(&frame.after);
            prop_assert_eq!(question.len() as u64, frame.length(content.len() as u64));
            let inner = &question[6..question.len() - 6];
            let read = if base64 { STANDARD.decode(inner).unwrap() } else { inner.to_vec() };
            prop_assert_eq!(read, content);
        }
    }
}
