//! Content as a stream: read once, with a look ahead, whatever its size.

use std::io;

use crate::content::Active;
use crate::dlp;
use crate::report::Limit;
use crate::shown::Shown;
use crate::watch::Watch;

/// How much a stream can look ahead.
pub const LOOK_AHEAD: usize = 64 << 10;

/// Why reading stopped.
#[derive(Debug)]
pub enum Fault {
    /// The caller's side of the pipe failed: there is no report at all.
    Input(io::Error),
    /// A limit was reached: the whole walk ends.
    Limit(Limit),
    /// This container can't be read on.
    Damaged(&'static str),
    /// Programs would disagree about what this container holds.
    Ambiguous(&'static str),
}

/// Where a stream's bytes come from. A feed that failed as damaged keeps failing.
pub trait Feed {
    /// Fills the front of `buffer` (never empty) and returns how much; 0 at the end.
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault>;

    /// The whole length, if any part can be had again once the end was reached.
    fn again(&self) -> Option<u64> {
        None
    }

    /// Fills the front of `buffer` (never empty, and never beyond the length) from `offset` on
    /// and returns how much, at least one byte.
    fn read_again(&mut self, _offset: u64, _buffer: &mut [u8]) -> Result<usize, Fault> {
        Err(Fault::Damaged("container-not-seekable"))
    }
}

impl Feed for &[u8] {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let (some, rest) = self.split_at(self.len().min(buffer.len()));
        buffer[..some.len()].copy_from_slice(some);
        *self = rest;
        Ok(some.len())
    }
}

/// A buffered, watched reader over a feed.
pub struct Stream<'f> {
    feed: &'f mut dyn Feed,
    watch: Watch,
    text: Option<Box<dlp::Reader>>,
    active: Option<Box<Active>>,
    shown: Option<Shown>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    consumed: u64,
    ended: bool,
}

impl<'f> Stream<'f> {
    pub(crate) fn new(feed: &'f mut dyn Feed, watch: Watch) -> Self {
        Self {
            feed,
            watch,
            text: None,
            active: None,
            shown: None,
            buffer: vec![0; LOOK_AHEAD].into_boxed_slice(),
            start: 0,
            end: 0,
            consumed: 0,
            ended: false,
        }
    }

    /// What was seen on the way; meaningful for the whole content after [`Self::drain`].
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn into_watch(self) -> Watch {
        self.watch
    }

    /// From the next byte on, which must be the first one, the SHA-256 is computed.
    pub(crate) fn digest(&mut self) {
        self.watch.begin_sha256(&self.buffer[self.start..self.end]);
    }

    /// From the next byte on, text is also shown to `reader`.
    pub(crate) fn show_to(&mut self, mut reader: dlp::Reader) {
        reader.see(&self.buffer[self.start..self.end]);
        self.text = Some(Box::new(reader));
    }

    /// Ends [`Self::show_to`].
    pub(crate) fn take_reader(&mut self) -> Option<dlp::Reader> {
        self.text.take().map(|reader| *reader)
    }

    /// From the next byte on, content is also searched for what `active` knows.
    pub(crate) fn search_for(&mut self, mut active: Active) {
        active.see(&self.buffer[self.start..self.end]);
        self.active = Some(Box::new(active));
    }

    /// Ends [`Self::search_for`].
    pub(crate) fn take_active(&mut self) -> Option<Active> {
        self.active.take().map(|active| *active)
    }

    /// Whether [`Self::show_as`] was called.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// From the next byte on, content is also shown to another process.
    pub(crate) fn show_as(&mut self, shown: Shown) {
        shown.see(&self.buffer[self.start..self.end]);
        self.shown = Some(shown);
    }

    /// Ends [`Self::show_as`].
    pub(crate) fn end_show(&mut self) {
        self.shown = None;
    }

    /// The whole length, if any part can be had again once this was drained.
    pub(crate) fn again(&self) -> Option<u64> {
        self.feed.again()
    }

    /// Reads a part of what went by; nothing is watched twice.
    pub(crate) fn read_again(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.feed.read_again(offset, buffer)
    }

    /// Number of bytes consumed so far.
    pub(crate) fn position(&self) -> u64 {
        self.consumed
    }

    /// The next bytes, up to `count` (at most [`LOOK_AHEAD`]); fewer only before the end or
    /// before damage, which is then reported by [`Self::chunk`].
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], Fault> {
        let count = count.min(self.buffer.len());
        if self.start + count > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count && !self.ended {
            match self.pull() {
                Ok(()) => {}
                Err(Fault::Damaged(_) | Fault::Ambiguous(_)) => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + count)])
    }

    /// Some next bytes; empty only at the end.
    pub(crate) fn chunk(&mut self) -> Result<&[u8], Fault> {
        if self.start == self.end && !self.ended {
            self.start = 0;
            self.end = 0;
            self.pull()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Steps over `count` bytes that [`Self::chunk`] or [`Self::peek`] showed.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
        self.consumed += count as u64;
    }

    /// The next `N` bytes, or damage called `code`.
    pub(crate) fn array<const N: usize>(&mut self, code: &'static str) -> Result<[u8; N], Fault> {
        let array = *self
            .peek(N)?
            .first_chunk::<N>()
            .ok_or(Fault::Damaged(code))?;
        self.consume(N);
        Ok(array)
    }

    /// The next `count` bytes (at most [`LOOK_AHEAD`]), or damage called `code`.
    pub(crate) fn bytes(&mut self, count: usize, code: &'static str) -> Result<Vec<u8>, Fault> {
        let bytes = self.peek(count)?.to_vec();
        if bytes.len() < count {
            return Err(Fault::Damaged(code));
        }
        self.consume(count);
        Ok(bytes)
    }

    /// Steps over exactly `count` bytes, or damage called `code`.
    pub(crate) fn skip(&mut self, count: u64, code: &'static str) -> Result<(), Fault> {
        let mut left = count;
        while left > 0 {
            let some = self.chunk()?.len();
            if some == 0 {
                return Err(Fault::Damaged(code));
            }
            let step = usize::try_from(left).map_or(some, |left| left.min(some));
            self.consume(step);
            left -= step as u64;
        }
        Ok(())
    }

    pub(crate) fn at_end(&mut self) -> Result<bool, Fault> {
        Ok(self.chunk()?.is_empty())
    }

    /// Reads everything that is left, so that it is watched.
    pub(crate) fn drain(&mut self) -> Result<(), Fault> {
        loop {
            let some = self.chunk()?.len();
            if some == 0 {
                return Ok(());
            }
            self.consume(some);
        }
    }

    fn pull(&mut self) -> Result<(), Fault> {
        let count = self.feed.pull(&mut self.buffer[self.end..])?;
        let fresh = &self.buffer[self.end..self.end + count];
        self.watch.see(fresh);
        if let Some(reader) = &mut self.text {
            reader.see(fresh);
        }
        if let Some(active) = &mut self.active {
            active.see(fresh);
        }
        if let Some(shown) = &self.shown {
            shown.see(fresh);
        }
        self.end += count;
        self.ended = count == 0;
        Ok(())
    }
}

/// The next `left` bytes of a stream as a feed of its own, with a checksum.
pub struct Window<'p, 's> {
    parent: &'p mut Stream<'s>,
    left: u64,
    /// Whether the parent's end is this one's too.
    open: bool,
    checksum: crc32fast::Hasher,
}

impl<'p, 's> Window<'p, 's> {
    pub(crate) fn new(parent: &'p mut Stream<'s>, length: u64) -> Self {
        Self {
            parent,
            left: length,
            open: false,
            checksum: crc32fast::Hasher::new(),
        }
    }

    /// As [`Self::new`], but the parent may end before that.
    pub(crate) fn up_to(parent: &'p mut Stream<'s>, length: u64) -> Self {
        Self {
            open: true,
            ..Self::new(parent, length)
        }
    }

    /// Steps over what nobody read, and returns the checksum of what was read.
    pub(crate) fn finish(self, code: &'static str) -> Result<u32, Fault> {
        self.parent.skip(self.left, code)?;
        Ok(self.checksum.finalize())
    }
}

impl Feed for Window<'_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if self.left == 0 {
            return Ok(0);
        }
        let some = self.parent.chunk()?;
        if some.is_empty() && self.open {
            return Ok(0);
        }
        if some.is_empty() {
            return Err(Fault::Damaged("container-truncated"));
        }
        let count = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(some.len())
            .min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.checksum.update(&some[..count]);
        self.parent.consume(count);
        self.left -= count as u64;
        Ok(count)
    }
}

/// All that is left of a stream, as a feed.
pub struct Rest<'p, 's>(pub &'p mut Stream<'s>);

impl Feed for Rest<'_, '_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let chunk = self.0.chunk()?;
        let count = chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&chunk[..count]);
        self.0.consume(count);
        Ok(count)
    }
}
