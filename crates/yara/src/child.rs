//! The searching process itself.

use std::io::{self, BufReader, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use sofie_inspector::shown::Frame;
use sofie_inspector::{JailState, jail};

use crate::compile::compile;
use crate::protocol::{self, Answer, Header, MAX_HEADER};
use crate::scan::Search;

/// Address space of the process, in bytes: the rules, three times the largest object that can be set, and room for
/// the interpreter.
const ADDRESS_SPACE: u64 = 3 << 30;

/// Locks the process in, searches what comes through standard input, writes the answer to standard output.
///
/// Exit code 0 and one answer, or another exit code and nothing: 2 when the input broke off or an object could not
/// be searched, 3 when the walls could not be built. Call it first in `main`, before any thread exists.
pub fn run() -> ExitCode {
    let Ok(jail) = jail::enter_with(ADDRESS_SPACE) else {
        return ExitCode::from(3);
    };
    match serve(io::stdin().lock(), io::stdout().lock(), jail) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn serve(mut input: impl Read, mut output: impl Write, jail: JailState) -> io::Result<()> {
    let header = read_header(&mut input)?;
    jail::limit_processor_time(Duration::from_secs(header.seconds)).map_err(io::Error::other)?;
    let answer = answer(input, &header, jail)?;
    output.write_all(&protocol::encode_answer(&answer)?)?;
    output.flush()
}

fn answer(input: impl Read, header: &Header, jail: JailState) -> io::Result<Answer> {
    let rules = match compile(&header.sets) {
        Ok(rules) => rules,
        Err(errors) => return Ok(Answer::Refused { errors }),
    };
    let mut search = Search::new(&rules, header.object_bytes, jail);
    let mut input = BufReader::with_capacity(64 << 10, input);
    loop {
        if let Some(report) = search.step(Frame::read(&mut input)?)? {
            return Ok(Answer::Searched(report));
        }
    }
}

/// What [`run`] does between its two ends, in this process and without walls: for fuzzing.
#[doc(hidden)]
pub fn converse(mut input: impl Read, jail: JailState) -> io::Result<Vec<u8>> {
    let header = read_header(&mut input)?;
    protocol::encode_answer(&answer(input, &header, jail)?)
}

fn read_header(input: &mut impl Read) -> io::Result<Header> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
    if length > MAX_HEADER {
        return Err(io::Error::other("the header is too long"));
    }
    let mut json = vec![0; length];
    input.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
