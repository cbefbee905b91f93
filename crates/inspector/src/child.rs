//! The inspecting process itself.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::dlp::Rules;
use crate::jail;
use crate::limits::Budget;
use crate::protocol::{self, Header, MAX_DATA_FRAME, MAX_HEADER, Request};
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
    let report = answer((input, &mut output), &header, jail)?;
    output.write_all(&report)?;
    output.flush()
}

fn answer(wire: (impl Read, impl Write), header: &Header, jail: JailState) -> io::Result<Vec<u8>> {
    let report = inspect_frames(wire, header, jail)?;
    protocol::encode_report(&report).map_err(io::Error::other)
}

/// What [`run`] does between its two ends, in this process and without walls: for fuzzing.
#[doc(hidden)]
pub fn converse(mut input: impl Read, jail: JailState) -> io::Result<Vec<u8>> {
    let header = read_header(&mut input)?;
    answer((input, io::sink()), &header, jail)
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

fn inspect_frames(
    (input, output): (impl Read, impl Write),
    header: &Header,
    jail: JailState,
) -> io::Result<Report> {
    let rules = Rules::compile(&header.dlp).map_err(io::Error::other)?;
    let budget = Budget::new(header.limits, header.size);
    let mut frames = Frames {
        input,
        output,
        left: 0,
        ended: false,
        again: header.again.then_some(header.size),
        blocks: Blocks::default(),
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
struct Frames<'b, R, W> {
    input: R,
    output: W,
    left: usize,
    ended: bool,
    /// The length of the content, if it can be had again.
    again: Option<u64>,
    blocks: Blocks,
    budget: &'b Budget,
}

impl<R: Read, W: Write> Frames<'_, R, W> {
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

    /// Asks for a part of the content, and waits for it.
    fn ask(&mut self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let count = u32::try_from(count).map_err(io::Error::other)?;
        let request = Request { offset, count };
        self.output.write_all(&request.encode())?;
        self.output.flush()?;
        let length = read_length(&mut self.input)?;
        if u32::try_from(length) != Ok(count) {
            return Err(io::Error::other("the answer is no answer"));
        }
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: Read, W: Write> Feed for Frames<'_, R, W> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let asked = Instant::now();
        let count = self.fill(buffer).map_err(Fault::Input)?;
        self.budget.note_wait(asked.elapsed());
        Ok(count)
    }

    fn again(&self) -> Option<u64> {
        self.again
    }

    fn read_again(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let Some(size) = self.again.filter(|size| self.ended && offset < *size) else {
            return Err(Fault::Damaged("container-not-seekable"));
        };
        self.budget.check_time()?;
        let block = offset / BLOCK;
        if !self.blocks.has(block) {
            let from = block * BLOCK;
            let blocks = self.blocks.wanted(block) * BLOCK;
            let count = usize::try_from(blocks.min(size - from)).unwrap_or(MAX_DATA_FRAME);
            let asked = Instant::now();
            let bytes = self.ask(from, count).map_err(Fault::Input)?;
            self.budget.note_wait(asked.elapsed());
            self.blocks.keep(block, &bytes);
        }
        let from = self.blocks.get(block, offset % BLOCK);
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }
}

/// Content that was had again is kept in blocks of this length, in bytes.
const BLOCK_LENGTH: usize = 64 << 10;
const BLOCK: u64 = BLOCK_LENGTH as u64;
/// How many blocks are kept.
const KEPT: usize = 64;
/// How many blocks are asked for at once by somebody who reads on.
const AHEAD: u64 = 16;

/// The blocks that were had again last.
#[derive(Default)]
struct Blocks {
    kept: VecDeque<(u64, Vec<u8>)>,
}

impl Blocks {
    fn has(&self, block: u64) -> bool {
        self.kept.iter().any(|(kept, _)| *kept == block)
    }

    /// How many blocks to ask for, to have this one.
    fn wanted(&self, block: u64) -> u64 {
        let last = self.kept.back().map(|(kept, _)| *kept);
        let reads_on = last.is_some_and(|last| last.checked_add(1) == Some(block));
        if reads_on { AHEAD } else { 1 }
    }

    fn keep(&mut self, first: u64, bytes: &[u8]) {
        let blocks = bytes.chunks(BLOCK_LENGTH);
        for (block, bytes) in (first..).zip(blocks) {
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back((block, bytes.to_vec()));
        }
    }

    /// What there is of a block from a place in it on.
    fn get(&self, block: u64, from: u64) -> &[u8] {
        let found = self.kept.iter().rfind(|(kept, _)| *kept == block);
        let bytes = found.map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        bytes.get(from..).unwrap_or_default()
    }
}
