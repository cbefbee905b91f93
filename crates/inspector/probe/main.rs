//! The inspecting child for tests, and jailed processes that misbehave on purpose.
//!
//! `sofie-jail-probe inspect` is what `sofie inspect` is. Every other mode enters the jail, tries
//! one thing, and prints what came of it. `sofie-jail-probe look FILE …` prints what is found in
//! files, without a jail, for people who try formats out.

use std::fs::File;
use std::hint::black_box;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};

use sofie_inspector::{child, jail};

fn main() -> ExitCode {
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "inspect" {
        return child::run();
    }
    if mode == "look" {
        std::env::args().skip(2).for_each(|path| look(&path));
        return ExitCode::SUCCESS;
    }
    let state = jail::enter().expect("the jail can be entered");
    let outcome = match mode.as_str() {
        "state" => serde_json::to_string(&state).expect("a state is plain data"),
        "open" => describe(File::open("/etc/passwd").map(drop)),
        "create" => describe(File::create("/tmp/sofie-jail-probe").map(drop)),
        "list" => describe(std::fs::read_dir("/").map(drop)),
        "connect" => describe(TcpStream::connect("127.0.0.1:9").map(drop)),
        "unix" => describe(UnixStream::connect("/run/nothing").map(drop)),
        "spawn" => describe(Command::new("/bin/true").spawn().map(drop)),
        "thread" => describe(std::thread::Builder::new().spawn(|| ()).map(drop)),
        "abort" => std::process::abort(),
        "spin" => spin(),
        "allocate" => allocate(),
        other => format!("unknown mode {other}"),
    };
    println!("{outcome}");
    ExitCode::SUCCESS
}

fn look(path: &str) {
    let file = File::open(path).expect("the file can be opened");
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let name = path.rsplit('/').next().unwrap_or(path);
    let report = sofie_inspector::inspect(name, size, sofie_inspector::Limits::STANDARD, file)
        .expect("the file can be read");
    println!("{path}");
    for object in &report.objects {
        println!("  {} {} {}", object.path, object.media_type, object.size);
    }
    for finding in &report.findings {
        println!(
            "  ! {} {:?} {} {}",
            finding.name, finding.outcome, finding.object, finding.detail
        );
    }
}

fn describe(result: std::io::Result<()>) -> String {
    match result {
        Ok(()) => "possible".to_owned(),
        Err(error) => format!("denied: {:?}", error.raw_os_error()),
    }
}

/// Asks for 8 GB and touches it.
fn allocate() -> String {
    let block = vec![1_u8; 8 << 30];
    format!("possible: {}", black_box(&block).len())
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
