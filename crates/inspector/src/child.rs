//! The inspecting process itself.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::dlp::Rules;
use crate::jail;
use crate::limits::Budget;
use crate::protocol::{self, Header, MAX_DATA_FRAME, MAX_HEADER};
use crate::report::{JailState, Report};
use crate::shown::Show;
use crate::stream::{Fault, Feed};
use crate::walk::{self, Walk};

/// Locks the process in, inspects what comes through standard input, writes the report to
/// standard output.
///
/// Exit code 0 and one report, or another exit code and nothing: 2 when the input broke off,
/// 3 when the walls could not be built. Call it first in `main`, before any thread exists.
pub fn run() -> ExitCode {
    let Ok(jail) = jail::enter() else {
        return ExitCode::from(3);
    };
    match serve(io::stdin().lock(), io::stdout().lock(), jail) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn serve(mut input: impl Read, mut output: impl Write, jail: JailState) -> io::Result<()> {
    let header = read_header(&mut input)?;
    // The walk stops itself at its time; the kernel's limit catches a walk that doesn't.
    let time = header.limits.time_for(header.size) * 2 + Duration::from_secs(5);
    jail::limit_processor_time(time).map_err(io::Error::other)?;
    output.write_all(&answer(input, &header, jail)?)?;
    output.flush()
}

fn answer(input: impl Read, header: &Header, jail: JailState) -> io::Result<Vec<u8>> {
    let report = inspect_frames(input, header, jail)?;
    protocol::encode_report(&report).map_err(io::Error::other)
}

/// What [`run`] does between its two ends, in this process and without walls: for fuzzing.
#[doc(hidden)]
pub fn converse(mut input: impl Read, jail: JailState) -> io::Result<Vec<u8>> {
    let header = read_header(&mut input)?;
    answer(input, &header, jail)
}

fn read_header(input: &mut impl Read) -> io::Result<Header> {
    let length = read_length(input)?;
    if length > MAX_HEADER {
        return Err(io::Error::other("the header is too long"));
    }
    let mut json = vec![0; length];
    input.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

fn inspect_frames(input: impl Read, header: &Header, jail: JailState) -> io::Result<Report> {
    let rules = Rules::compile(&header.dlp).map_err(io::Error::other)?;
    let budget = Budget::new(header.limits, header.size);
    let mut frames = Frames {
        input,
        left: 0,
        ended: false,
        budget: &budget,
    };
    let mut walk = Walk::new(&budget, rules, &header.passwords);
    if header.shows {
        walk = walk.showing(Show::new(Box::new(io::stderr().lock()), budget.waiting()));
    }
    walk::inspect_feed(walk, &header.name, &mut frames, jail)
}

fn read_length(input: &mut impl Read) -> io::Result<usize> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)
}

/// The content frames as a feed.
struct Frames<'b, R> {
    input: R,
    left: usize,
    ended: bool,
    budget: &'b Budget,
}

impl<R: Read> Frames<'_, R> {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            self.left = read_length(&mut self.input)?;
            self.ended = self.left == 0;
            if self.left > MAX_DATA_FRAME {
                return Err(io::Error::other("a frame is too long"));
            }
        }
        if self.ended {
            return Ok(0);
        }
        let count = self.left.min(buffer.len());
        let count = self.input.read(&mut buffer[..count])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count;
        Ok(count)
    }
}

impl<R: Read> Feed for Frames<'_, R> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let asked = Instant::now();
        let count = self.fill(buffer).map_err(Fault::Input)?;
        self.budget.note_wait(asked.elapsed());
        Ok(count)
    }
}
