//! The inspecting child for tests, and children that misbehave as their program's name says.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    let name = Path::new(&program)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match name {
        "abort" => std::process::abort(),
        "silent" => {
            drain();
            ExitCode::SUCCESS
        }
        "garbage" => {
            drain();
            let _ = std::io::stdout().write_all(b"\0\0\0\x02{}trailing");
            ExitCode::SUCCESS
        }
        "deaf" => loop {
            std::thread::park();
        },
        "spinning" => loop {
            std::hint::black_box(0);
        },
        "failing" => {
            let _ = sofie_inspector::child::run();
            ExitCode::FAILURE
        }
        "doubled" => {
            let code = sofie_inspector::child::run();
            let _ = std::io::stdout().write_all(b"\0");
            code
        }
        _ if std::env::args().nth(1).as_deref() == Some("yara-scan") => sofie_yara::child::run(),
        _ => sofie_inspector::child::run(),
    }
}

fn drain() {
    let _ = std::io::copy(&mut std::io::stdin().take(u64::MAX), &mut std::io::sink());
}
