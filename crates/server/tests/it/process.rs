//! A running `sofie`, and how to talk to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

const READY: &str = "SOFiE is ready: http://";

/// A command with nothing of our environment in its configuration.
pub fn sofie(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sofie"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
    sofie(arguments).output().unwrap()
}

/// `sofie serve` on a port of its own; killed when it goes out of scope.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Kept open, so that the server's words have somewhere to go.
    stdout: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(dir: &Path) -> Self {
        let mut child = sofie(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with(READY) {
            line.clear();
            assert!(
                stdout.read_line(&mut line).unwrap() > 0,
                "it ended before it was ready"
            );
        }
        let address = line[READY.len()..].trim().parse().unwrap();
        Self {
            child,
            address,
            stdout,
        }
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The status of an answer to a stranger.
    pub fn get(&self, path: &str) -> u16 {
        self.request(path, "Accept: text/html\r\n")
    }

    /// The status of an answer to the owner of a token.
    pub fn get_as(&self, token: &str, path: &str) -> u16 {
        self.request(path, &format!("Authorization: Bearer {token}\r\n"))
    }

    fn request(&self, path: &str, headers: &str) -> u16 {
        let mut stream = self.connect();
        let fixed = "Host: localhost\r\nConnection: close\r\n";
        write!(stream, "GET {path} HTTP/1.1\r\n{fixed}{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end; returns what was said last and the status.
    pub fn end(&mut self, limit: Duration) -> (String, ExitStatus) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < limit, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, status)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal(Signal::TERM);
            self.end(Duration::from_secs(30));
        }
    }
}
