//! Files that OLE wraps into a document ("packages", [MS-OLEDS] 2.3.6 and what the packager
//! writes into it).

use crate::stream::{Fault, Feed, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// Longest header of a package that is believed.
const LONGEST_HEADER: usize = 8192;

/// Walks the data of an embedded object: the file in it if it is a package, otherwise itself.
pub fn object(walk: &mut Walk<'_>, place: &Place, data: &mut dyn Feed) -> Result<(), Fault> {
    let mut stream = Stream::new(data, Watch::new());
    let Some((start, length, name)) = header(stream.peek(LONGEST_HEADER)?) else {
        return walk.object(place, &mut stream).map(drop);
    };
    walk.show(place, &mut stream);
    stream.consume(start);
    let member = place.member(&name);
    walk.check_depth(&member)?;
    let mut window = Window::up_to(&mut stream, length);
    walk.object(&member, &mut Stream::new(&mut window, Watch::new()))?;
    stream.drain()?;
    if stream.watch().eicar() {
        walk.find_eicar(place);
    }
    Ok(())
}

/// Where the file begins, its length and its name.
fn header(head: &[u8]) -> Option<(usize, u64, String)> {
    const STREAM: u16 = 2;
    const EMBEDDED: u32 = 0x0003_0000;
    let mut reader = Reader { head, at: 0 };
    if reader.word()? != STREAM {
        return None;
    }
    let name = reader.text()?;
    reader.text()?;
    if reader.double()? != EMBEDDED {
        return None;
    }
    let path = usize::try_from(reader.double()?).ok()?;
    reader.take(path)?;
    let length = u64::from(reader.double()?);
    Some((reader.at, length, name))
}

struct Reader<'a> {
    head: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes = self.head.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(bytes)
    }

    fn word(&mut self) -> Option<u16> {
        self.take(2).map(|it| u16::from_le_bytes([it[0], it[1]]))
    }

    fn double(&mut self) -> Option<u32> {
        let bytes = self.take(4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    }

    /// Text up to a zero byte.
    fn text(&mut self) -> Option<String> {
        let rest = self.head.get(self.at..)?;
        let length = memchr::memchr(0, rest)?;
        self.at += length + 1;
        Some(rest[..length].iter().copied().map(char::from).collect())
    }
}
