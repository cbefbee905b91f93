//! Every object on its way to another process, while it is read (see `docs/adr/010-yara.md`).
//!
//! Objects lie in each other, so their pieces come interleaved: each frame names its object by a number that counts
//! up from 0, the file itself. A frame is one byte that says what it is, the number and a length, both 32 bits
//! big-endian, and so many bytes.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Longest frame in bytes.
const LONGEST: usize = 64 << 10;
/// Longest path in bytes; it is cut.
const LONGEST_PATH: usize = 4 << 10;

const BEGIN: u8 = 1;
const DATA: u8 = 2;
const END: u8 = 3;
const FINISH: u8 = 4;

/// One step of showing objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An object begins; this is where it is, for people.
    Begin(u32, String),
    /// Its next bytes.
    Data(u32, Vec<u8>),
    /// It ends: all of it that could be read was shown.
    End(u32),
    /// So many objects were shown, and there are no more.
    Finish(u32),
}

impl Frame {
    /// Reads the next frame.
    ///
    /// # Errors
    /// When the input ends or is no frame.
    pub fn read(input: &mut impl Read) -> io::Result<Self> {
        let mut head = [0; 9];
        input.read_exact(&mut head)?;
        let [kind, a, b, c, d, length @ ..] = head;
        let object = u32::from_be_bytes([a, b, c, d]);
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        if length > LONGEST {
            return Err(io::Error::other("a frame is too long"));
        }
        let mut bytes = vec![0; length];
        input.read_exact(&mut bytes)?;
        match (kind, length) {
            (BEGIN, _) => {
                let path = String::from_utf8(bytes).map_err(io::Error::other)?;
                Ok(Self::Begin(object, path))
            }
            (DATA, _) => Ok(Self::Data(object, bytes)),
            (END, 0) => Ok(Self::End(object)),
            (FINISH, 0) => Ok(Self::Finish(object)),
            _ => Err(io::Error::other("not a frame")),
        }
    }

    /// Writes the frame; what is longer than allowed is an error.
    ///
    /// # Errors
    /// When the output fails.
    pub fn write(&self, output: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Begin(object, path) => put(output, BEGIN, *object, path.as_bytes()),
            Self::Data(object, bytes) => put(output, DATA, *object, bytes),
            Self::End(object) => put(output, END, *object, &[]),
            Self::Finish(objects) => put(output, FINISH, *objects, &[]),
        }
    }
}

fn put(output: &mut (impl Write + ?Sized), kind: u8, object: u32, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > LONGEST {
        return Err(io::Error::other("a frame is too long"));
    }
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    output.write_all(&[kind])?;
    output.write_all(&object.to_be_bytes())?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(bytes)
}

/// The way to the other process. When it fails there is no more showing, and the other one, which never learns the
/// end, has no answer; the inspection goes on.
pub(crate) struct Show {
    output: RefCell<Option<BufWriter<Box<dyn Write>>>>,
    shown: Cell<u32>,
    waited: Rc<Cell<Duration>>,
}

impl Show {
    /// Shows to `output`; the time that this takes is added to `waited`.
    pub(crate) fn new(output: Box<dyn Write>, waited: Rc<Cell<Duration>>) -> Self {
        Self {
            output: RefCell::new(Some(BufWriter::with_capacity(LONGEST, output))),
            shown: Cell::new(0),
            waited,
        }
    }

    /// Begins an object.
    pub(crate) fn begin(self: &Rc<Self>, path: &str) -> Shown {
        let object = self.shown.get();
        self.shown.set(object.saturating_add(1));
        let cut = path.floor_char_boundary(LONGEST_PATH);
        self.put(BEGIN, object, &path.as_bytes()[..cut]);
        Shown {
            show: Rc::clone(self),
            object,
        }
    }

    /// Says that there is no more; returns how many objects there were.
    pub(crate) fn finish(&self) -> u32 {
        self.put(FINISH, self.shown.get(), &[]);
        self.with(Write::flush);
        self.shown.get()
    }

    fn put(&self, kind: u8, object: u32, bytes: &[u8]) {
        self.with(|output| put(output, kind, object, bytes));
    }

    fn with(&self, write: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>) {
        let begun = Instant::now();
        let mut output = self.output.borrow_mut();
        if let Some(open) = &mut *output
            && write(open).is_err()
            && let Some(broken) = output.take()
        {
            // What it still holds is not tried again.
            let _ = broken.into_parts();
        }
        self.waited.set(self.waited.get() + begun.elapsed());
    }
}

/// One object that is being shown; it ends when this goes.
pub(crate) struct Shown {
    show: Rc<Show>,
    object: u32,
}

impl Shown {
    /// Shows the next bytes.
    pub(crate) fn see(&self, bytes: &[u8]) {
        for piece in bytes.chunks(LONGEST) {
            self.show.put(DATA, self.object, piece);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.show.put(END, self.object, &[]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn frames_come_through_as_they_were(object: u32, path in ".{0,40}", bytes: Vec<u8>) {
            let frames = [
                Frame::Begin(object, path),
                Frame::Data(object, bytes),
                Frame::End(object),
                Frame::Finish(object),
            ];
            let mut wire = Vec::new();
            for frame in &frames {
                frame.write(&mut wire).unwrap();
            }
            let mut input = wire.as_slice();
            for frame in frames {
                prop_assert_eq!(Frame::read(&mut input).unwrap(), frame);
            }
            prop_assert!(input.is_empty());
        }

        #[test]
        fn a_frame_that_is_cut_is_none(bytes: Vec<u8>, cut in 0_usize..9) {
            let mut wire = Vec::new();
            Frame::Data(7, bytes).write(&mut wire).unwrap();
            prop_assert!(Frame::read(&mut &wire[..cut]).is_err());
        }
    }
}
