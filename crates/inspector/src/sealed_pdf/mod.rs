//! Encrypted PDF, opened: the same file with its strings and streams decrypted.
//!
//! Strings and the data of streams are encrypted one by one and everything else lies open, so
//! the file is read twice from its beginning to its end: for the dictionary that says how, and
//! for the content. What is not read with certainty stays encrypted.

mod dictionary;
mod lexer;
mod objects;
mod plain;
mod security;
mod survey;

use crate::report::How;
use crate::seek::Seekable;
use crate::stream::{Fault, Stream};
use crate::walk::{Place, Walk};
use crate::watch::Watch;
use lexer::Lexer;
use objects::Objects;
use plain::Plain;
use security::{Encrypt, Key};
use survey::Survey;

/// Memory for tokens and tables, beside the file itself.
const MEMORY: u64 = 16 << 20;

/// Opens an encrypted document and walks what is in it; false if no password is right or it is
/// not understood.
pub fn walk(
    walk: &mut Walk<'_>,
    place: &Place,
    whole: &mut Seekable<'_, '_, '_>,
) -> Result<bool, Fault> {
    let Ok(_lease) = walk.budget().lease(MEMORY) else {
        return Ok(false);
    };
    let survey = match Survey::of(Objects::new(Lexer::new(whole)), walk.budget()) {
        Err(Fault::Damaged(_)) => None,
        other => other?,
    };
    let Some(survey) = survey else {
        return Ok(false);
    };
    let Some(encrypt) = Encrypt::parse(&survey.encrypt, &survey.id) else {
        return Ok(false);
    };
    let Some((key, how)) = open(walk, &encrypt)? else {
        return Ok(false);
    };
    let member = place.member(&place.name).opened(how);
    walk.check_depth(&member)?;
    let objects = Objects::new(Lexer::new(whole));
    let mut content = Plain::new(objects, encrypt, key, survey.lengths);
    walk.object(&member, &mut Stream::new(&mut content, Watch::new()))?;
    Ok(true)
}

/// Finds the password; without one, the document opens by itself.
fn open(walk: &Walk<'_>, encrypt: &Encrypt) -> Result<Option<(Key, How)>, Fault> {
    for (password, how) in walk.passwords().beside(&[""]) {
        if let Some(key) = encrypt.open(password, walk.budget())? {
            return Ok(Some((key, how)));
        }
    }
    Ok(None)
}
