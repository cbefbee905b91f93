//! Encrypted members, opened with a password.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::cipher::{Aes, CHECK, CODE, Cipher, Decrypted, HEADER, Traditional};
use super::local::Local;
use super::member::{self, Look, Next, Real};
use super::{TRUNCATED, flag, method};
use crate::inflate::Inflated;
use crate::report::{Engine, How, Outcome};
use crate::stream::{Fault, LOOK_AHEAD, Stream, Window};
use crate::walk::{Place, Walk};
use crate::watch::Watch;

/// How much unpacked data shows that it is such.
const ENOUGH: u64 = 1 << 20;
const NAME: &str = "encrypted-zip-member";

/// A member that can be decrypted.
struct Opened {
    cipher: Cipher,
    how: How,
    /// The real method.
    method: u16,
    /// Bytes before the packed data.
    before: u64,
    /// Bytes behind it.
    behind: u64,
}

/// Reads an encrypted member, or steps over it if no password is right.
pub fn read(
    walk: &mut Walk<'_>,
    place: &Place,
    local: &Local,
    stream: &mut Stream<'_>,
    look: Look<'_>,
) -> Result<Next, Fault> {
    let opened = match local.packed_length() {
        Some(length) => open(walk, local, stream, length)?,
        None => None,
    };
    let around = opened.as_ref().map(|opened| opened.before + opened.behind);
    let length = around.and_then(|around| local.packed.checked_sub(around));
    let Some((opened, length)) = opened.zip(length) else {
        walk.find_encrypted(NAME, place);
        return member::step_over(local, stream);
    };
    stream.skip(opened.before, TRUNCATED)?;
    let slot = walk.next_slot();
    let mut feed = Decrypted {
        source: Window::new(stream, length),
        cipher: opened.cipher,
    };
    let is_aes = matches!(feed.cipher, Cipher::Aes(_));
    let mut packed = Stream::new(&mut feed, Watch::new());
    let inside = place.opened(opened.how);
    let read = content(walk, &inside, opened.method, &mut packed, length, look);
    packed.drain()?;
    let Decrypted { source, cipher } = feed;
    source.finish(TRUNCATED)?;
    if !cipher.verify(stream)? {
        let (outcome, name) = (Outcome::Unsupported, "zip-authentication-failed");
        walk.find(Engine::Container, outcome, name, &inside, "");
    }
    let read = match read {
        Err(Fault::Damaged(_) | Fault::Ambiguous(_)) if !is_aes => None,
        other => other?,
    };
    let unstated = local.has_descriptor() && local.crc32 == 0;
    let right = |read: &Inflated| is_aes || unstated || read.crc32 == local.crc32;
    let Some(read) = read.filter(right) else {
        if !is_aes {
            // One of 256 wrong passwords comes through until here.
            walk.reseal(slot, NAME, place);
        }
        return member::behind(local, stream);
    };
    member::finish(local, stream, real(local, &read, is_aes))
}

/// What the headers must say of the member: AE-2 leaves out the checksum.
fn real(local: &Local, read: &Inflated, is_aes: bool) -> Real {
    let second = local.extra.aes.is_some_and(|aes| aes.version == 2);
    Real {
        crc32: if is_aes && second { 0 } else { read.crc32 },
        packed: local.packed,
        unpacked: read.produced,
    }
}

/// Reads the decrypted data of a member; none when it is damaged or not read, which has its
/// finding.
fn content(
    walk: &mut Walk<'_>,
    place: &Place,
    method: u16,
    packed: &mut Stream<'_>,
    length: u64,
    look: Look<'_>,
) -> Result<Option<Inflated>, Fault> {
    match method {
        method::STORED => {
            let mut window = Window::new(packed, length);
            let mut content = Stream::new(&mut window, Watch::new());
            look(&mut content)?;
            walk.object(place, &mut content)?;
            Ok(Some(Inflated {
                consumed: length,
                produced: length,
                crc32: window.finish(TRUNCATED)?,
            }))
        }
        method::DEFLATE => {
            let (read, _) = member::inflate(walk, place, packed, Some(length), look)?;
            if read.is_some_and(|read| read.consumed != length) {
                return Err(Fault::Ambiguous("zip-data-after-member"));
            }
            Ok(read)
        }
        other => {
            member::find_method(walk, place, other);
            Ok(None)
        }
    }
}

/// Finds the password.
fn open(
    walk: &Walk<'_>,
    local: &Local,
    stream: &mut Stream<'_>,
    length: u64,
) -> Result<Option<Opened>, Fault> {
    if local.flags & (flag::STRONG | flag::MASKED) != 0 || local.flags & flag::ENCRYPTED == 0 {
        return Ok(None);
    }
    match (local.method, local.extra.aes) {
        (method::AES, Some(aes)) => {
            let salt = aes.key_length / 2;
            let head = stream.peek(salt + CHECK)?;
            let Some((salt, check)) = head.split_at_checked(salt) else {
                return Ok(None);
            };
            for (password, how) in walk.passwords().beside(&[]) {
                walk.budget().check_time()?;
                if let Some(keys) = Aes::open(password.as_bytes(), salt, check, aes.key_length)? {
                    return Ok(Some(Opened {
                        cipher: Cipher::Aes(Box::new(keys)),
                        how,
                        method: aes.method,
                        before: head.len() as u64,
                        behind: CODE as u64,
                    }));
                }
            }
            Ok(None)
        }
        (method::AES, None) | (_, Some(_)) => Ok(None),
        (method, None) => {
            let head = stream.peek(LOOK_AHEAD)?;
            let head = &head[..usize::try_from(length).map_or(head.len(), |n| n.min(head.len()))];
            for (password, how) in walk.passwords().beside(&[]) {
                walk.budget().check_time()?;
                if let Some(keys) = traditional(password.as_bytes(), local, head) {
                    return Ok(Some(Opened {
                        cipher: Cipher::Traditional(keys),
                        how,
                        method,
                        before: HEADER as u64,
                        behind: 0,
                    }));
                }
            }
            Ok(None)
        }
    }
}

/// The state behind the header, if the password seems right for the member that begins with
/// `head`. The format has one byte to tell, so the beginning of the data is looked at as well.
fn traditional(password: &[u8], local: &Local, head: &[u8]) -> Option<Traditional> {
    let mut keys = Traditional::new(password);
    let (header, data) = head.split_first_chunk::<HEADER>()?;
    let mut header = *header;
    keys.apply(&mut header);
    let stated = if local.has_descriptor() {
        local.time.to_le_bytes()[1]
    } else {
        local.crc32.to_le_bytes()[3]
    };
    if header[HEADER - 1] != stated {
        return None;
    }
    let mut data = data.to_vec();
    keys.clone().apply(&mut data);
    let unstated = local.has_descriptor() && local.crc32 == 0;
    let whole = data.len() as u64 + HEADER as u64 == local.packed && !unstated;
    let plausible = match local.method {
        method::STORED => !whole || crc32fast::hash(&data) == local.crc32,
        method::DEFLATE => inflates(&data, whole.then_some(local.crc32)),
        _ => true,
    };
    plausible.then_some(keys)
}

/// Whether this is the beginning of deflated data, or all of it with this checksum.
fn inflates(data: &[u8], whole: Option<u32>) -> bool {
    let mut raw = Decompress::new(false);
    let mut crc = Crc::new();
    let mut buffer = vec![0; LOOK_AHEAD];
    loop {
        let (read, made) = (raw.total_in(), raw.total_out());
        let rest = usize::try_from(read).ok().and_then(|at| data.get(at..));
        let status = raw.decompress(rest.unwrap_or_default(), &mut buffer, FlushDecompress::None);
        let count = usize::try_from(raw.total_out() - made).unwrap_or(0);
        crc.update(&buffer[..count]);
        match status {
            Ok(Status::StreamEnd) => return whole.is_none_or(|stated| crc.sum() == stated),
            Ok(_) if count == 0 && raw.total_in() == read => return whole.is_none(),
            Ok(_) if raw.total_out() > ENOUGH => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
