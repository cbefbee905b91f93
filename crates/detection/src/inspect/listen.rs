//! What the child says: requests for parts of the file that it has seen whole, then its report (ADR 008).

use sofie_inspector::protocol::{self, MAX_DATA_FRAME, MAX_REPORT, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::child::Failure;
use crate::body::Broken;
use crate::engine::Scan;

/// How many times its own size of a file may be read once more, in all.
const MOST_TIMES: u64 = 4;
/// What may be read once more of a small file.
const LEAST: u64 = 64 << 20;

/// Serves the child's requests until it reports; returns the frame with the report, if the child ended well.
pub(super) async fn listen(
    child: &mut Child,
    input: Option<ChildStdin>,
    scan: &Scan,
) -> Result<Vec<u8>, Failure> {
    let mut output = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        output = report(&mut stdout, input, scan).await?;
    }
    let status = child.wait().await.map_err(Failure::Pipe)?;
    if status.success() {
        Ok(output)
    } else {
        Err(Failure::Died(status))
    }
}

/// Everything that the child writes beside requests; nothing if it ends before a report.
async fn report(
    stdout: &mut ChildStdout,
    mut input: Option<ChildStdin>,
    scan: &Scan,
) -> Result<Vec<u8>, Failure> {
    let mut left = scan.meta.size.saturating_mul(MOST_TIMES).max(LEAST);
    loop {
        let mut length = [0; 4];
        if stdout.read_exact(&mut length).await.is_err() {
            // It died, or said too little: how it ended, or an empty report, says so.
            return Ok(Vec::new());
        }
        if length != protocol::REQUEST {
            let mut output = length.to_vec();
            // One byte more than allowed shows that it is too much.
            let longest = MAX_REPORT as u64 + 1;
            let mut rest = stdout.take(longest);
            rest.read_to_end(&mut output).await.map_err(Failure::Pipe)?;
            if output.len() > MAX_REPORT + 4 {
                return Err(Failure::Report(protocol::ReportError::Length));
            }
            return Ok(output);
        }
        let mut frame = [0; Request::LENGTH];
        stdout.read_exact(&mut frame).await.map_err(Failure::Pipe)?;
        let request = Request::decode(frame);
        let range = request.range(scan.meta.size);
        let served = range.filter(|range| scan.again.is_there() && range.end - range.start <= left);
        let (Some(range), Some(input)) = (served, input.as_mut()) else {
            return Err(Failure::Report(protocol::ReportError::Request));
        };
        let count = range.end - range.start;
        left -= count;
        let bytes = scan.again.read(range).await?;
        if bytes.len() as u64 != count || bytes.len() > MAX_DATA_FRAME {
            return Err(Failure::Content(Broken::Source));
        }
        let prefix = protocol::data_prefix(bytes.len());
        for part in [prefix.as_slice(), &bytes] {
            if input.write_all(part).await.is_err() {
                // It died: how, is told by its end.
                return Ok(Vec::new());
            }
        }
    }
}
