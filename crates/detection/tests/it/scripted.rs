//! A server that answers whole questions over HTTP with JSON, by script.

use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Answers a question with this path and content.
pub type Answer = Box<dyn Fn(&str, &[u8]) -> Value + Send + Sync>;

/// The server; ends with the value.
pub struct Scripted {
    pub address: String,
    task: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn serve(answer: Answer) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    let task = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(converse(connection, Arc::clone(&answer)));
        }
    });
    Scripted {
        address: format!("http://127.0.0.1:{port}"),
        task,
    }
}

/// The same over TLS.
pub async fn serve_tls(config: rustls::ServerConfig, answer: Answer) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (answer, acceptor) = (Arc::new(answer), TlsAcceptor::from(Arc::new(config)));
    let task = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            if let Ok(connection) = acceptor.accept(connection).await {
                tokio::spawn(converse(connection, Arc::clone(&answer)));
            }
        }
    });
    Scripted {
        address: format!("https://127.0.0.1:{port}"),
        task,
    }
}

async fn converse(mut connection: impl AsyncRead + AsyncWrite + Unpin, answer: Arc<Answer>) {
    let mut question = Vec::new();
    loop {
        if let Some((path, content)) = whole(&question) {
            let said = answer(&path, &content).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", said.len());
            let all = head + &said;
            if connection.write_all(all.as_bytes()).await.is_err() {
                return;
            }
            question.clear();
        }
        if connection.read_buf(&mut question).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// The path and the content of a question, once all of it is there.
fn whole(question: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = question.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, content) = (&question[..end], &question[end + 4..]);
    let head = std::str::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().unwrap())
    });
    let path = head.split(' ').nth(1).unwrap().to_owned();
    (content.len() >= length.unwrap_or(0)).then(|| (path, content.to_vec()))
}
