//! RPM packages: a lead, two headers, then a packed cpio archive (RPM file format V3 and V4).

use crate::stream::{Fault, Rest, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

const TRUNCATED: &str = "rpm-truncated";
const LEAD: u64 = 96;
const HEADER: [u8; 4] = *b"\x8e\xad\xe8\x01";
const ENTRY: u64 = 16;

pub fn walk(walk: &mut Walk<'_>, place: &Place, stream: &mut Stream<'_>) -> Result<(), Fault> {
    stream.skip(LEAD, TRUNCATED)?;
    let signatures = header(stream)?;
    stream.skip((8 - signatures % 8) % 8, TRUNCATED)?;
    header(stream)?;
    let payload = place.member("payload");
    walk.check_depth(&payload)?;
    let mut rest = Rest(stream);
    walk.object(&payload, &mut Stream::new(&mut rest, Watch::new()))?;
    Ok(())
}

/// Steps over a header and returns its length.
fn header(stream: &mut Stream<'_>) -> Result<u64, Fault> {
    let fixed = stream.array::<16>(TRUNCATED)?;
    if fixed[..4] != HEADER {
        return Err(Fault::Damaged("rpm-damaged-header"));
    }
    let number = |at: usize| {
        u64::from(u32::from_be_bytes([
            fixed[at],
            fixed[at + 1],
            fixed[at + 2],
            fixed[at + 3],
        ]))
    };
    let length = number(8) * ENTRY + number(12);
    stream.skip(length, TRUNCATED)?;
    Ok(length)
}
