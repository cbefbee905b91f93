//! Encrypted content and encrypted tables of contents.
//!
//! The format has nothing to tell a wrong password but what comes out: packed data breaks off
//! at once, stored data has a checksum at its end.

use std::io::{self, Read};

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::{AES, fault, kib};
use crate::limits::Budget;
use crate::passwords::Passwords;
use crate::report::How;
use crate::seek::Cursor;
use crate::stream::Fault;
use crate::walk::{Place, Walk};

const COPY: &[u8] = &[0];
/// How much packed data shows that a password is right.
const ENOUGH: u64 = 1 << 20;

/// What may open an archive; what did comes first.
pub struct Keys<'p> {
    list: Vec<(&'p str, How)>,
}

impl<'p> Keys<'p> {
    pub(crate) fn of(passwords: &'p Passwords) -> Self {
        // The decoder takes an empty password for none.
        let list = passwords.beside(&[]).filter(|(it, _)| !it.is_empty());
        Self {
            list: list.collect(),
        }
    }

    /// The archive whose table of contents is encrypted.
    pub(crate) fn open_header(
        &mut self,
        budget: &Budget,
        source: &mut Cursor<'_, '_, '_, '_>,
        limit: usize,
    ) -> Result<Option<Archive>, Fault> {
        for number in 0..self.list.len() {
            budget.check_time()?;
            let password = Password::from(self.list[number].0);
            match Archive::read_with_memory_limit(source, &password, limit) {
                Ok(archive) => {
                    self.list.swap(0, number);
                    return Ok(Some(archive));
                }
                Err(error @ Error::MaxMemLimited { .. }) => return Err(fault(error)),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// What opens this block.
    pub(crate) fn open_block(
        &mut self,
        budget: &Budget,
        archive: &Archive,
        index: usize,
        source: &mut Cursor<'_, '_, '_, '_>,
    ) -> Result<Option<(Password, How)>, Fault> {
        for number in 0..self.list.len() {
            budget.check_time()?;
            let (password, how) = self.list[number];
            let password = Password::from(password);
            if is_right(budget, archive, index, source, &password)? {
                self.list.swap(0, number);
                return Ok(Some((password, how)));
            }
        }
        Ok(None)
    }
}

/// Whether the first member of this block comes out right, or its beginning if it is packed.
fn is_right(
    budget: &Budget,
    archive: &Archive,
    index: usize,
    source: &mut Cursor<'_, '_, '_, '_>,
    password: &Password,
) -> Result<bool, Fault> {
    let coders = &archive.blocks[index].coders;
    let stored = coders
        .iter()
        .all(|coder| [AES, COPY].contains(&coder.encoder_method_id()));
    let most = if stored { u64::MAX } else { ENOUGH };
    let limit = kib(budget.memory_left());
    let block = BlockDecoder::new_with_memory_limit(1, limit, index, archive, password, source);
    let mut stopped = None;
    let read = block.for_each_entries(&mut |entry, reader| {
        if entry.has_stream {
            stopped = try_out(budget, &mut reader.take(most))?;
        }
        Ok(!entry.has_stream)
    });
    match (stopped, read) {
        (Some(fault), _) => Err(fault),
        (None, Err(error @ Error::MaxMemLimited { .. })) => Err(fault(error)),
        (None, read) => Ok(read.is_ok()),
    }
}

/// Reads everything; says what limit was reached.
fn try_out(budget: &Budget, reader: &mut dyn Read) -> io::Result<Option<Fault>> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        if let Err(fault) = budget.check_time() {
            return Ok(Some(fault));
        }
        if reader.read(&mut buffer)? == 0 {
            return Ok(None);
        }
    }
}

/// Lists the members of a block that nothing opens.
pub fn list(walk: &mut Walk<'_>, place: &Place, members: &[ArchiveEntry]) -> Result<(), Fault> {
    for entry in members.iter().filter(|entry| entry.has_stream) {
        let member = place.member(&entry.name);
        walk.budget().count_object(member.depth)?;
        walk.find_encrypted("encrypted-7z-member", &member);
    }
    Ok(())
}
