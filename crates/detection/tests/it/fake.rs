//! A clamd that answers by script.

use std::path::PathBuf;
use std::time::Duration;

use sofie_detection::Runtime;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::fixture::clamd;

/// What it does with a stream; a question for the version it always answers.
#[derive(Clone)]
pub enum Script {
    /// Reads everything, then writes this and hangs up.
    Answer(Vec<u8>),
    /// Reads this many bytes, then writes this and hangs up.
    Early(usize, Vec<u8>),
    /// Reads everything and says nothing until it is left.
    Hang,
    /// Does not read.
    Deaf,
}

pub struct Fake {
    _directory: TempDir,
    pub socket: PathBuf,
    task: JoinHandle<()>,
}

impl Fake {
    pub fn start(script: Script) -> Self {
        let directory = TempDir::new().unwrap();
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, script.clone()));
            }
        });
        Self {
            _directory: directory,
            socket,
            task,
        }
    }

    pub fn engine(&self) -> Runtime {
        clamd(&[&self.socket], |setup| {
            setup.times.idle = Duration::from_millis(300);
            setup.times.verdict = Duration::from_millis(500);
        })
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut connection: UnixStream, script: Script) {
    let mut command = Vec::new();
    while !command.ends_with(b"\0") {
        let Ok(byte) = connection.read_u8().await else {
            return;
        };
        command.push(byte);
    }
    if command == b"zVERSION\0" {
        let _ = connection.write_all(b"ClamAV 0.0.0\0").await;
        return;
    }
    match script {
        Script::Answer(answer) => {
            read_stream(&mut connection).await;
            let _ = connection.write_all(&answer).await;
        }
        Script::Early(count, answer) => {
            let mut some = vec![0; count];
            let _ = connection.read_exact(&mut some).await;
            let _ = connection.write_all(&answer).await;
        }
        Script::Hang => {
            read_stream(&mut connection).await;
            let _ = connection.read_u8().await;
        }
        Script::Deaf => tokio::time::sleep(Duration::from_mins(1)).await,
    }
}

async fn read_stream(connection: &mut UnixStream) {
    while let Ok(length @ 1..) = connection.read_u32().await {
        let mut piece = vec![0; length as usize];
        if connection.read_exact(&mut piece).await.is_err() {
            return;
        }
    }
}
