//! One conversation with clamd.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::reply::LONGEST;
use crate::body::{Body, Broken};
use crate::runtime::Times;

/// Longest piece sent under one length.
const LONGEST_PIECE: usize = 1 << 20;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// `host:port`. Neither encrypted nor authenticated: for trusted networks only.
    Tcp(String),
}

impl Endpoint {
    /// Reads `unix:/path` or `tcp:host:port`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Some(Self::Unix(path.into())),
            Some(("tcp", address)) if address.contains(':') => Some(Self::Tcp(address.to_owned())),
            _ => None,
        }
    }
}

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("connecting to clamd")]
    Connect(#[source] io::Error),
    #[error("talking to clamd")]
    Talk(#[source] io::Error),
    #[error("waiting for clamd: {0}")]
    Late(&'static str),
    #[error(transparent)]
    Content(#[from] Broken),
}

/// What came of a stream.
#[derive(Debug)]
pub struct Answer {
    /// Everything clamd wrote.
    pub reply: Vec<u8>,
    /// Content bytes handed over.
    pub sent: u64,
    /// Whether clamd took everything, the end of the content too.
    pub ended: bool,
}

trait Socket: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Socket for S {}
type Connection = Pin<Box<dyn Socket>>;

async fn connect(endpoint: &Endpoint) -> Result<Connection, Failure> {
    Ok(match endpoint {
        Endpoint::Unix(path) => {
            Box::pin(UnixStream::connect(path).await.map_err(Failure::Connect)?)
        }
        Endpoint::Tcp(address) => Box::pin(
            TcpStream::connect(address)
                .await
                .map_err(Failure::Connect)?,
        ),
    })
}

/// Asks a question that has a short answer.
pub async fn ask(endpoint: &Endpoint, question: &[u8], time: Duration) -> Result<Vec<u8>, Failure> {
    let talk = async {
        let mut connection = connect(endpoint).await?;
        connection
            .write_all(question)
            .await
            .map_err(Failure::Talk)?;
        Ok(read_answer(connection).await?.bytes)
    };
    timeout(time, talk)
        .await
        .map_err(|_| Failure::Late("it does not answer"))?
}

/// Hands content to clamd and brings back what it wrote.
///
/// clamd may answer and hang up before it has seen everything, so its answer is read while
/// the content is written, and a failure to write is not the end of the conversation.
pub async fn stream(
    endpoint: &Endpoint,
    body: &mut Body,
    times: &Times,
) -> Result<Answer, Failure> {
    let connected = timeout(times.connect, connect(endpoint)).await;
    let connection = connected.map_err(|_| Failure::Late("no connection"))??;
    let (reader, mut writer) = tokio::io::split(connection);
    let mut answer = Box::pin(read_answer(reader));
    let mut writing = Writing {
        sent: 0,
        ended: false,
    };
    let early = {
        let write = writing.write(&mut writer, body, times.idle);
        tokio::select! {
            reply = &mut answer => Some(reply),
            written = write => {
                match written {
                    Ok(()) | Err(Failure::Talk(_)) => None,
                    Err(failure) => return Err(failure),
                }
            }
        }
    };
    let heard = match early {
        Some(heard) => heard?,
        None => timeout(times.verdict, answer)
            .await
            .map_err(|_| Failure::Late("no verdict"))??,
    };
    let ended = writing.ended && !heard.unread;
    Ok(Answer {
        reply: heard.bytes,
        sent: writing.sent,
        ended,
    })
}

struct Writing {
    sent: u64,
    ended: bool,
}

impl Writing {
    async fn write(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
        body: &mut Body,
        idle: Duration,
    ) -> Result<(), Failure> {
        send(writer, b"zINSTREAM\0", idle).await?;
        while let Some(piece) = body.next().await? {
            for piece in pieces(piece) {
                send(writer, &framed(&piece), idle).await?;
                self.sent += piece.len() as u64;
            }
        }
        send(writer, &[0; 4], idle).await?;
        self.ended = true;
        Ok(())
    }
}

async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    idle: Duration,
) -> Result<(), Failure> {
    let written = timeout(idle, async {
        writer.write_all(bytes).await?;
        writer.flush().await
    });
    written
        .await
        .map_err(|_| Failure::Late("it accepts no more content"))?
        .map_err(Failure::Talk)
}

fn pieces(mut piece: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = piece.len().min(LONGEST_PIECE);
        (length > 0).then(|| piece.split_to(length))
    })
}

/// A piece with its length before it, in one write.
fn framed(piece: &Bytes) -> Bytes {
    let mut frame = BytesMut::with_capacity(piece.len() + 4);
    frame.put_u32(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    frame.put_slice(piece);
    frame.freeze()
}

/// What clamd wrote before it hung up.
struct Heard {
    bytes: Vec<u8>,
    /// It hung up with content unread: that is a reset, behind whatever it wrote.
    unread: bool,
}

/// Reads until clamd hangs up, or until it is too much to be an answer.
async fn read_answer(reader: impl AsyncRead) -> Result<Heard, Failure> {
    let mut bytes = Vec::new();
    let mut reader = Box::pin(reader.take(LONGEST as u64 + 1));
    match reader.read_to_end(&mut bytes).await {
        Ok(_) => Ok(Heard {
            bytes,
            unread: false,
        }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Heard {
            bytes,
            unread: true,
        }),
        Err(error) => Err(Failure::Talk(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn addresses_are_read_and_mistakes_refused() {
        let read = Endpoint::parse;
        assert_eq!(read("unix:/run/a"), Some(Endpoint::Unix("/run/a".into())));
        let host = Endpoint::Tcp("scan.example.org:3310".to_owned());
        assert_eq!(read("tcp:scan.example.org:3310"), Some(host));
        for wrong in ["", "off", "auto", "unix:relative", "tcp:host", "http://x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
