//! A server that answers well, but for the fault of the moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::kinds::{Kind, says};

/// What goes wrong, with the answer to which question.
pub type Fault = Option<(usize, Act)>;

/// What a server does instead of answering well.
#[derive(Debug, Clone)]
pub enum Act {
    /// Takes the question and says nothing.
    Silence,
    /// Answers so slowly that nobody waits for the end.
    Drip,
    /// Hangs up after so many bytes of its answer.
    Cut(usize),
    /// Says this instead.
    Say(Vec<u8>),
    /// Says so many bytes of nothing behind a good beginning.
    Babble,
    /// Announces an answer so much longer or shorter than it is.
    WrongLength(isize),
    /// Answers well before it has the file.
    Early,
    /// Hangs up in the middle of the question.
    Leave,
}

pub struct Server {
    pub address: String,
    fault: Arc<Mutex<Fault>>,
    /// Whether an answer was said to its end that was to be cut.
    whole: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(kind: &'static Kind) -> Self {
        Self::at("127.0.0.1:0", kind, None).await
    }

    pub async fn at(address: &str, kind: &'static Kind, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let fault = Arc::new(Mutex::new(None));
        let whole = Arc::new(AtomicBool::new(false));
        let (present, said_all) = (Arc::clone(&fault), Arc::clone(&whole));
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let fault = present.lock().unwrap().clone();
                connection.set_nodelay(true).unwrap();
                let (tls, said_all) = (tls.clone(), Arc::clone(&said_all));
                tokio::spawn(async move {
                    match tls {
                        None => converse(connection, kind, (fault, &said_all)).await,
                        Some(tls) => {
                            if let Ok(connection) = tls.accept(connection).await {
                                converse(connection, kind, (fault, &said_all)).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            fault,
            whole,
            task,
        }
    }

    /// Goes away for good; its address is free.
    pub async fn stop(mut self) -> String {
        self.task.abort();
        let _ = (&mut self.task).await;
        self.address.clone()
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Whether an answer that was to break off did so at its very end.
    pub fn said_all(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }
}

async fn converse(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    kind: &Kind,
    (fault, said_all): (Fault, &AtomicBool),
) {
    let mut question = Vec::new();
    loop {
        if connection.read_buf(&mut question).await.unwrap_or(0) == 0 {
            return;
        }
        let act = (kind.which)(&question)
            .and_then(|which| fault.as_ref().filter(|(of, _)| *of == which))
            .map(|(_, act)| act);
        match act {
            Some(Act::Leave) => return,
            Some(Act::Early) => {
                // Nothing that is good of the file itself: the good answer to the question with nothing in it.
                let answer = early(kind, &question);
                let _ = connection.write_all(&answer).await;
                return hold(connection).await;
            }
            _ => {}
        }
        let Some(answer) = (kind.answer)(&question) else {
            continue;
        };
        return match act {
            None => {
                let _ = connection.write_all(&answer).await;
                let _ = connection.shutdown().await;
            }
            Some(act) => {
                if matches!(act, Act::Cut(length) if *length == answer.len()) {
                    said_all.store(true, Ordering::Relaxed);
                }
                misbehave(connection, kind, act, answer).await;
            }
        };
    }
}

/// The good answer for a file that is not there yet.
fn early(kind: &Kind, question: &[u8]) -> Vec<u8> {
    let whole: Vec<u8> = match kind.name {
        "clamd" => b"zINSTREAM\0\0\0\0\0".to_vec(),
        "icap" => b"RESPMOD \r\n0\r\n\r\n".to_vec(),
        _ => {
            let line = question.split(|byte| *byte == b'\r').next();
            [line.unwrap_or_default(), b"\r\n\r\n"].concat()
        }
    };
    (kind.answer)(&whole).unwrap()
}

async fn misbehave(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    kind: &Kind,
    act: &Act,
    answer: Vec<u8>,
) {
    let bytes = match act {
        Act::Silence | Act::Early | Act::Leave => return hold(connection).await,
        Act::Drip => {
            for byte in answer {
                tokio::time::sleep(Duration::from_secs(2)).await;
                if connection.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
            return;
        }
        Act::Cut(length) => answer[..*length].to_vec(),
        Act::Say(bytes) => bytes.clone(),
        Act::Babble => {
            let beginning = if kind.http {
                b"HTTP/1.1 200 OK\r\n\r\n{\"".to_vec()
            } else {
                answer
            };
            let _ = connection
                .write_all(&beginning[..beginning.len() - 1])
                .await;
            let nothing = vec![b' '; 64 << 10];
            while connection.write_all(&nothing).await.is_ok() {}
            return;
        }
        Act::WrongLength(by) => {
            let end = answer
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .unwrap()
                + 4;
            let body = &answer[end..];
            let said = says(200, &"x".repeat(body.len().saturating_add_signed(*by)));
            let end = said
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .unwrap()
                + 4;
            [&said[..end], body].concat()
        }
    };
    let _ = connection.write_all(&bytes).await;
    let _ = connection.shutdown().await;
}

/// Keeps a connection without a word, and without taking what is said.
async fn hold(_connection: impl AsyncRead) {
    tokio::time::sleep(Duration::from_hours(1)).await;
}

/// A certificate for this machine's own address that nobody has signed: to be trusted, and to serve.
pub fn certificate() -> (String, TlsAcceptor) {
    use base64::Engine as _;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let der: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(&der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .unwrap();
    (pem, TlsAcceptor::from(Arc::new(config)))
}
