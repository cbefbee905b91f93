//! One conversation with a service. The connection serves one file and is left.

use std::io;
use std::pin::Pin;

use bytes::{BufMut, BytesMut};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::profile::Method;
use super::reply::{self, Read};
use super::verdict::Sent;
use crate::body::{Body, Broken};
use crate::engine::Scan;
use crate::runtime::Times;

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("connecting to the ICAP server")]
    Connect(#[source] io::Error),
    #[error("talking to the ICAP server")]
    Talk(#[source] io::Error),
    #[error("waiting for the ICAP server: {0}")]
    Late(&'static str),
    #[error(transparent)]
    Content(#[from] Broken),
}

/// What came of a conversation.
#[derive(Debug)]
pub(super) struct Answer {
    /// Everything up to the end of the heads.
    pub reply: Vec<u8>,
    pub sent: Sent,
}

trait Socket: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Socket for S {}
type Connection = Pin<Box<dyn Socket>>;

async fn connect(address: &Address, tls: Option<&TlsConnector>) -> io::Result<Connection> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    stream.set_nodelay(true)?;
    match tls.filter(|_| address.encrypted) {
        Some(tls) => {
            let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
            Ok(Box::pin(tls.connect(name, stream).await?))
        }
        None if address.encrypted => Err(io::Error::other("there is no TLS")),
        None => Ok(Box::pin(stream)),
    }
}

async fn reach(
    address: &Address,
    tls: Option<&TlsConnector>,
    times: &Times,
) -> Result<Connection, Failure> {
    timeout(times.connect, connect(address, tls))
        .await
        .map_err(|_| Failure::Late("no connection"))?
        .map_err(Failure::Connect)
}

/// Asks a service what it offers (RFC 3507, 4.10).
pub(super) async fn options(
    address: &Address,
    tls: Option<&TlsConnector>,
    times: &Times,
) -> Result<Vec<u8>, Failure> {
    let mut connection = reach(address, tls, times).await?;
    let authority = address.authority();
    let question = format!(
        "OPTIONS icap://{authority}{} ICAP/1.0\r\nHost: {authority}\r\nUser-Agent: SOFiE\r\n\
         Connection: close\r\nEncapsulated: null-body=0\r\n\r\n",
        address.path
    );
    let talk = async {
        connection.write_all(question.as_bytes()).await?;
        connection.flush().await?;
        heads(connection).await
    };
    timeout(times.connect, talk)
        .await
        .map_err(|_| Failure::Late("it does not answer"))?
        .map_err(Failure::Talk)
}

/// Hands content over and brings the answer back.
///
/// The answer may come before the content has ended, so it is read while the content is written. Only its heads are
/// read: a server may send the whole content back behind them.
pub(super) async fn modify(
    address: &Address,
    tls: Option<&TlsConnector>,
    (method, scan): (Method, &Scan),
    body: &mut Body,
    times: &Times,
) -> Result<Answer, Failure> {
    let connection = reach(address, tls, times).await?;
    let (reader, mut writer) = tokio::io::split(connection);
    let mut answer = Box::pin(heads(reader));
    let mut sent = Sent {
        bytes: 0,
        ended: false,
    };
    let early = {
        let head = request(address, method, scan);
        let write = write(&mut writer, head.as_bytes(), body, times, &mut sent);
        tokio::select! {
            // A complete answer before the last byte is an early one, even if both are there by now.
            biased;
            reply = &mut answer => Some(reply),
            written = write => match written {
                // It may have answered before it hung up.
                Ok(()) | Err(Failure::Talk(_)) => None,
                Err(failure) => return Err(failure),
            }
        }
    };
    let reply = match early {
        Some(reply) => reply,
        None => timeout(times.verdict, answer)
            .await
            .map_err(|_| Failure::Late("no verdict"))?,
    };
    Ok(Answer {
        reply: reply.map_err(Failure::Talk)?,
        sent,
    })
}

/// The heads of a request, ICAP's and the enclosed ones (RFC 3507, 4.4.1 and 4.8). The file's name is the path:
/// several products show it or decide by it.
fn request(address: &Address, method: Method, scan: &Scan) -> String {
    let (name, size) = (encoded(&scan.meta.name), scan.meta.size);
    let content =
        format!("Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n");
    let (enclosed, parts) = match method {
        Method::Respmod => {
            let request = format!("GET /{name} HTTP/1.1\r\nHost: sofie.invalid\r\n\r\n");
            let answer = format!("HTTP/1.1 200 OK\r\n{content}");
            let (first, both) = (request.len(), request.len() + answer.len());
            let parts = format!("req-hdr=0, res-hdr={first}, res-body={both}");
            (request + &answer, parts)
        }
        Method::Reqmod => {
            let request = format!("POST /{name} HTTP/1.1\r\nHost: sofie.invalid\r\n{content}");
            let parts = format!("req-hdr=0, req-body={}", request.len());
            (request, parts)
        }
    };
    let authority = address.authority();
    format!(
        "{} icap://{authority}{} ICAP/1.0\r\nHost: {authority}\r\nUser-Agent: SOFiE\r\nAllow: 204\r\n\
         Connection: close\r\nEncapsulated: {parts}\r\n\r\n{enclosed}",
        method.as_str(),
        address.path
    )
}

/// A name as a path's segment (RFC 3986, 2.3): nothing in it can be taken for something else.
fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut path = String::new();
    for byte in name.bytes().take(1000) {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    head: &[u8],
    body: &mut Body,
    times: &Times,
    sent: &mut Sent,
) -> Result<(), Failure> {
    send(writer, head, times).await?;
    while let Some(piece) = body.next().await? {
        let mut chunk = BytesMut::with_capacity(piece.len() + 16);
        chunk.put_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        chunk.put_slice(&piece);
        chunk.put_slice(b"\r\n");
        send(writer, &chunk, times).await?;
        sent.bytes += piece.len() as u64;
    }
    send(writer, b"0\r\n\r\n", times).await?;
    sent.ended = true;
    Ok(())
}

async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    times: &Times,
) -> Result<(), Failure> {
    let written = timeout(times.idle, async {
        writer.write_all(bytes).await?;
        writer.flush().await
    });
    written
        .await
        .map_err(|_| Failure::Late("it accepts no more content"))?
        .map_err(Failure::Talk)
}

/// Reads up to the end of the heads, or of what comes. What it is, others say.
async fn heads(mut reader: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while reply::read(&bytes) == Read::More {
        match reader.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            // TLS servers often leave without a word; a reset may come behind an answer.
            Err(_) if !bytes.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::engine::FileMeta;

    #[test]
    fn offsets_are_those_of_the_enclosed_heads_and_names_stay_in_their_line() {
        let address = Address::parse("icap://[::1]/scan?a=b", "").unwrap();
        let meta = FileMeta {
            name: "zpráva 1.pdf\r\nX-Evil: 1".to_owned(),
            size: 12,
        };
        let now = DateTime::UNIX_EPOCH;
        let scan = Scan::new(meta, now, Duration::from_secs(1), CancellationToken::new());
        for method in [Method::Respmod, Method::Reqmod] {
            let text = request(&address, method, &scan);
            let (head, enclosed) = text.split_once("\r\n\r\n").unwrap();
            let last = head.rsplit_once('=').unwrap().1;
            assert_eq!(last.parse(), Ok(enclosed.len()));
            assert!(!text.contains("\nX-Evil"), "{text}");
            assert!(text.contains("/zpr%C3%A1va%201.pdf%0D%0AX-Evil%3A%201 HTTP/1.1\r\n"));
            if let Some((_, rest)) = head.split_once("res-hdr=") {
                let first: usize = rest.split(',').next().unwrap().parse().unwrap();
                assert!(enclosed[first..].starts_with("HTTP/1.1 200 OK\r\n"));
            }
        }
    }
}
