//! Which segment holds which byte of a file: later segments lie over earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::Error;

/// One immutable object: `len` bytes of the file from `at` on. Without bytes it is a *cut*: the file
/// was resized to `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    pub(super) seq: u32,
    pub(super) at: u64,
    pub(super) len: u32,
}

impl Segment {
    /// The first one of a file: it says that the file exists.
    pub(super) const BIRTH: Self = Self {
        seq: 0,
        at: 0,
        len: 0,
    };

    pub(super) fn end(&self) -> u64 {
        self.at.saturating_add(u64::from(self.len))
    }

    /// The object's name below the file's; sorts by age.
    pub(super) fn name(&self) -> String {
        format!("{:08x}-{:012x}-{:08x}", self.seq, self.at, self.len)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut fields = name.splitn(3, '-');
        let mut field = |digits: usize| {
            let text = fields.next().filter(|text| text.len() == digits)?;
            u64::from_str_radix(text, 16).ok()
        };
        let segment = Self {
            seq: field(8)?.try_into().ok()?,
            at: field(12)?,
            len: field(8)?.try_into().ok()?,
        };
        (segment.name() == name).then_some(segment)
    }
}

/// A stretch of the file that one segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) segment: Segment,
}

/// The bytes of a file, by segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    size: u64,
    next_seq: u32,
    runs: BTreeMap<u64, Run>,
    known: BTreeSet<Segment>,
}

impl Layout {
    /// Lays segments over each other in the order of their age.
    pub(super) fn of(mut segments: Vec<Segment>) -> Self {
        segments.sort_unstable();
        let mut layout = Self::default();
        for segment in segments {
            layout.apply(segment);
        }
        layout
    }

    /// A file in one piece.
    pub(super) fn whole(len: u64) -> Result<Self, Error> {
        let len = u32::try_from(len).map_err(|_| Error::Corrupt("object length"))?;
        Ok(Self::of(vec![Segment {
            len,
            ..Segment::BIRTH
        }]))
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The number of the segment that comes next.
    pub(super) fn next_seq(&self) -> u32 {
        self.next_seq
    }

    pub(super) fn runs(&self) -> impl ExactSizeIterator<Item = &Run> {
        self.runs.values()
    }

    /// Lays one more segment, younger than all others, over the file.
    pub(super) fn apply(&mut self, segment: Segment) {
        self.next_seq = self.next_seq.max(segment.seq.saturating_add(1));
        self.known.insert(segment);
        if segment.len == 0 {
            self.clear(segment.at, u64::MAX);
            self.size = segment.at;
            return;
        }
        let (start, end) = (segment.at, segment.end());
        self.clear(start, end);
        let run = Run {
            start,
            end,
            segment,
        };
        self.runs.insert(start, run);
        self.size = self.size.max(end);
    }

    /// Takes everything in `from..to` away from the runs there.
    fn clear(&mut self, from: u64, to: u64) {
        let before = self.runs.range_mut(..from).next_back();
        if let Some((_, run)) = before
            && run.end > from
        {
            let rest = Run { start: to, ..*run };
            run.end = from;
            if rest.end > to {
                self.runs.insert(to, rest);
            }
        }
        while let Some((&start, &run)) = self.runs.range(from..to).next() {
            self.runs.remove(&start);
            if run.end > to {
                self.runs.insert(to, Run { start: to, ..run });
            }
        }
    }

    /// What lies in `from..to`, in order; what no run covers is a hole, which reads as zeros.
    pub(super) fn within(&self, from: u64, to: u64) -> impl Iterator<Item = Run> {
        let first = self
            .runs
            .range(..=from)
            .next_back()
            .map_or(from, |(start, _)| *start);
        self.runs
            .range(first..to)
            .map(move |(_, run)| Run {
                start: run.start.max(from),
                end: run.end.min(to),
                ..*run
            })
            .filter(|run| run.start < run.end)
    }

    /// Takes the segments that no byte is read from any more. Cuts stay: without them, older bytes
    /// would come back.
    pub(super) fn take_dead(&mut self) -> Vec<Segment> {
        let live: BTreeSet<Segment> = self.runs.values().map(|run| run.segment).collect();
        let is_dead = |segment: &Segment| segment.len > 0 && !live.contains(segment);
        let dead: Vec<Segment> = self.known.iter().copied().filter(is_dead).collect();
        for segment in &dead {
            self.known.remove(segment);
        }
        dead
    }
}

/// The first bytes of an index; a blob itself begins otherwise.
pub(super) const MAGIC: &[u8; 16] = b"SOFiE segments 1";
const HEAD: usize = MAGIC.len() + 8;
const ROW: usize = 8 + 8 + 4 + 8 + 4;

/// The content of the object that makes a file of many segments a committed blob.
pub(super) fn index(layout: &Layout) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + layout.runs().len() * ROW);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&layout.size().to_be_bytes());
    for run in layout.runs() {
        out.extend_from_slice(&run.start.to_be_bytes());
        out.extend_from_slice(&run.end.to_be_bytes());
        out.extend_from_slice(&run.segment.seq.to_be_bytes());
        out.extend_from_slice(&run.segment.at.to_be_bytes());
        out.extend_from_slice(&run.segment.len.to_be_bytes());
    }
    out
}

/// Reads what [`index`] wrote. It is not authenticated, and need not be: what it leads to is.
pub(super) fn read_index(bytes: &[u8]) -> Result<Layout, Error> {
    let wrong = || Error::Corrupt("index of segments");
    let (head, mut rows) = bytes.split_at_checked(HEAD).ok_or_else(wrong)?;
    let (magic, size) = head.split_at(MAGIC.len());
    if magic != MAGIC || rows.len() % ROW != 0 {
        return Err(wrong());
    }
    let mut layout = Layout {
        size: u64::from_be_bytes(size.try_into().map_err(|_| wrong())?),
        ..Layout::default()
    };
    let mut end = 0;
    while !rows.is_empty() {
        let run = Run {
            start: u64::from_be_bytes(take(&mut rows)?),
            end: u64::from_be_bytes(take(&mut rows)?),
            segment: Segment {
                seq: u32::from_be_bytes(take(&mut rows)?),
                at: u64::from_be_bytes(take(&mut rows)?),
                len: u32::from_be_bytes(take(&mut rows)?),
            },
        };
        let is_inside = run.segment.at <= run.start && run.end <= run.segment.end();
        if run.start < end || run.end <= run.start || run.end > layout.size || !is_inside {
            return Err(wrong());
        }
        end = run.end;
        layout.runs.insert(run.start, run);
    }
    Ok(layout)
}

fn take<const N: usize>(rows: &mut &[u8]) -> Result<[u8; N], Error> {
    let (field, rest) = rows
        .split_first_chunk::<N>()
        .ok_or(Error::Corrupt("index of segments"))?;
    *rows = rest;
    Ok(*field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(n: u64) -> usize {
        usize::try_from(n).unwrap()
    }

    fn read(layout: &Layout, content: &BTreeMap<u32, u8>) -> Vec<u8> {
        let size = usize::try_from(layout.size()).unwrap();
        let mut out = vec![0; size];
        for run in layout.within(0, layout.size()) {
            out[index(run.start)..index(run.end)].fill(content[&run.segment.seq]);
        }
        out
    }

    proptest! {
        #[test]
        fn it_reads_as_a_file_that_was_written_in_place(
            ops in proptest::collection::vec((0_u64..60, 0_u32..20), 1..40),
        ) {
            let mut file: Vec<u8> = Vec::new();
            let (mut content, mut segments) = (BTreeMap::new(), Vec::new());
            let mut running = Layout::default();
            for (seq, (at, len)) in (0_u32..).zip(ops) {
                let fill = u8::try_from(seq + 1).unwrap();
                let (start, end) = (index(at), index(at + u64::from(len)));
                if len == 0 {
                    file.resize(start, 0);
                } else {
                    file.resize(file.len().max(end), 0);
                    file[start..end].fill(fill);
                }
                let segment = Segment { seq, at, len };
                content.insert(seq, fill);
                segments.push(segment);
                running.apply(segment);
                for dead in running.take_dead() {
                    segments.retain(|kept| *kept != dead);
                }
                prop_assert_eq!(&read(&running, &content), &file);
            }
            // What is left after the dead ones went says the same, to another process too.
            prop_assert_eq!(&read(&Layout::of(segments), &content), &file);
            let read_back = read_index(&super::index(&running)).unwrap();
            prop_assert_eq!(&read(&read_back, &content), &file);
        }
    }

    #[test]
    fn names_are_exact_and_sort_by_age() {
        let segment = Segment {
            seq: 0x1f,
            at: 8 << 20,
            len: 300,
        };
        assert_eq!(segment.name(), "0000001f-000000800000-0000012c");
        assert_eq!(Segment::parse(&segment.name()), Some(segment));
        for wrong in [
            "",
            "1f-800000-12c",
            "0000001F-000000800000-0000012c",
            "0000001f-000000800000-0000012c-0",
        ] {
            assert_eq!(Segment::parse(wrong), None, "{wrong}");
        }
        assert!(
            Segment {
                seq: 2,
                at: 0,
                len: 1
            }
            .name()
                < Segment {
                    seq: 10,
                    at: 0,
                    len: 1
                }
                .name()
        );
    }

    #[test]
    fn a_broken_index_is_refused() {
        let whole = super::index(&Layout::of(vec![Segment {
            seq: 1,
            at: 0,
            len: 9,
        }]));
        assert!(read_index(&whole).is_ok());
        for cut in [0, 10, HEAD - 1, whole.len() - 1] {
            assert!(read_index(&whole[..cut]).is_err(), "{cut}");
        }
        let mut beyond = whole.clone();
        beyond[HEAD + 15] = 200;
        assert!(read_index(&beyond).is_err());
    }
}
