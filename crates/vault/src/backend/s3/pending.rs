//! Bytes that were written and are in no object yet.

use std::collections::BTreeMap;

use super::fetch::place;

/// Stretches of a file that don't overlap, by where they begin.
#[derive(Debug, Default)]
pub(super) struct Pending {
    stretches: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl Pending {
    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Where the last stretch ends.
    pub(super) fn end(&self) -> u64 {
        self.stretches
            .last_key_value()
            .map_or(0, |(at, bytes)| at + bytes.len() as u64)
    }

    /// Takes `bytes` at `at`. What would grow into another stretch is not taken: then everything has
    /// to be taken out first.
    #[must_use]
    pub(super) fn write(&mut self, bytes: &[u8], at: u64) -> bool {
        let end = at + bytes.len() as u64;
        let next = self
            .stretches
            .range(at + 1..)
            .next()
            .map(|(start, _)| *start);
        if next.is_some_and(|next| next < end) {
            return false;
        }
        let before = self.stretches.range_mut(..=at).next_back();
        match before {
            Some((start, held)) if start + held.len() as u64 >= at => {
                let Ok(from) = usize::try_from(at - start) else {
                    return false;
                };
                let over = bytes.len().min(held.len() - from);
                held[from..from + over].copy_from_slice(&bytes[..over]);
                held.extend_from_slice(&bytes[over..]);
                self.bytes += bytes.len() - over;
            }
            _ => {
                self.stretches.insert(at, bytes.to_vec());
                self.bytes += bytes.len();
            }
        }
        true
    }

    /// Whether all of `at..` for `len` bytes is here.
    pub(super) fn covers(&self, at: u64, len: usize) -> bool {
        let before = self.stretches.range(..=at).next_back();
        before.is_some_and(|(start, held)| start + held.len() as u64 >= at + len as u64)
    }

    /// Lays what is here over `buf`, which lies at `at`.
    pub(super) fn overlay(&self, buf: &mut [u8], at: u64) {
        for (start, held) in self.stretches.range(..at + buf.len() as u64) {
            place(buf, at, held, *start);
        }
    }

    /// Forgets everything from `size` on.
    pub(super) fn cut(&mut self, size: u64) {
        let behind = self.stretches.split_off(&size);
        self.bytes -= behind.values().map(Vec::len).sum::<usize>();
        if let Some((start, held)) = self.stretches.iter_mut().next_back()
            && let Ok(keep) = usize::try_from(size - start)
            && keep < held.len()
        {
            self.bytes -= held.len() - keep;
            held.truncate(keep);
        }
    }

    /// Takes the first stretch out, with those that follow it without a gap, up to `most` bytes.
    pub(super) fn take_first(&mut self, most: usize) -> Option<(u64, Vec<u8>)> {
        let (at, mut bytes) = self.stretches.pop_first()?;
        while let Some(next) = self.stretches.first_entry() {
            let follows = *next.key() == at + bytes.len() as u64;
            if !follows || bytes.len() + next.get().len() > most {
                break;
            }
            bytes.extend_from_slice(&next.remove());
        }
        if bytes.len() > most {
            let rest = bytes.split_off(most);
            self.stretches.insert(at + most as u64, rest);
        }
        self.bytes -= bytes.len();
        Some((at, bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_out_is_what_was_written(
            ops in proptest::collection::vec((0_u64..60, 1_usize..20), 1..30),
            most in 1_usize..30,
        ) {
            let (mut file, mut out) = (vec![0; 80], vec![0; 80]);
            let mut pending = Pending::default();
            for (fill, (at, len)) in (1_u8..).zip(ops) {
                let (start, bytes) = (usize::try_from(at).unwrap(), vec![fill; len]);
                file[start..start + len].copy_from_slice(&bytes);
                if !pending.write(&bytes, at) {
                    drain(&mut pending, &mut out, most);
                    prop_assert!(pending.write(&bytes, at));
                }
                let mut seen = out.clone();
                pending.overlay(&mut seen, 0);
                prop_assert_eq!(&seen, &file);
                prop_assert!(pending.covers(at, len));
            }
            drain(&mut pending, &mut out, most);
            prop_assert_eq!(out, file);
            prop_assert_eq!(pending.len(), 0);
        }
    }

    fn drain(pending: &mut Pending, out: &mut [u8], most: usize) {
        while let Some((at, bytes)) = pending.take_first(most) {
            assert!(bytes.len() <= most);
            place(out, 0, &bytes, at);
        }
    }

    #[test]
    fn a_cut_forgets_the_end() {
        let mut pending = Pending::default();
        assert!(pending.write(b"hello", 0) && pending.write(b"world", 10));
        pending.cut(12);
        assert_eq!((pending.len(), pending.end()), (7, 12));
        pending.cut(4);
        assert_eq!((pending.len(), pending.end()), (4, 4));
        pending.cut(4);
        assert_eq!(pending.take_first(9), Some((0, b"hell".to_vec())));
    }
}
