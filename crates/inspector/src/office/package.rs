//! The stream `EncryptedPackage`: a length and the encrypted document.

use aws_lc_rs::hmac;

use super::LENGTH;
use super::key::{Chain, Key};
use crate::crypt::{BLOCK, Blocks};
use crate::stream::{Fault, Feed};

const DAMAGED: Fault = Fault::Damaged("office-damaged");
/// Length of the pieces of which each is chained in itself.
const PIECE: usize = 4096;

/// The decrypted document as a feed.
pub struct Package<'f> {
    source: &'f mut dyn Feed,
    blocks: Blocks,
    chain: Option<Chain>,
    code: Option<(hmac::Context, Vec<u8>)>,
    /// Bytes of the document that were not decrypted yet.
    left: u64,
    piece: Box<[u8; PIECE]>,
    start: usize,
    end: usize,
    number: u32,
}

impl<'f> Package<'f> {
    /// From what follows the length in the stream.
    pub(crate) fn new(source: &'f mut dyn Feed, key: Key, length: [u8; LENGTH]) -> Self {
        let code = key.chain.as_ref().and_then(|chain| {
            let (key, value) = chain.code.as_ref()?;
            let algorithm = match chain.hash.output_len() {
                20 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                32 => hmac::HMAC_SHA256,
                48 => hmac::HMAC_SHA384,
                _ => hmac::HMAC_SHA512,
            };
            let mut code = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
            code.update(&length);
            Some((code, value.clone()))
        });
        Self {
            source,
            blocks: key.blocks,
            chain: key.chain,
            code,
            left: u64::from_le_bytes(length),
            piece: Box::new([0; PIECE]),
            start: 0,
            end: 0,
            number: 0,
        }
    }

    /// Whether the code, if there is one, is right for the whole stream; reads its rest.
    pub(crate) fn verify(mut self) -> Result<bool, Fault> {
        while self.read_piece()? > 0 {}
        Ok(self
            .code
            .is_none_or(|(code, stated)| code.sign().as_ref() == stated))
    }

    fn read_piece(&mut self) -> Result<usize, Fault> {
        let count = fill_up(self.source, &mut self.piece[..])?;
        if let Some((code, _)) = &mut self.code {
            code.update(&self.piece[..count]);
        }
        Ok(count)
    }

    fn decrypt_piece(&mut self) -> Result<(), Fault> {
        let count = self.read_piece()?;
        let whole = &mut self.piece[..count - count % BLOCK];
        match &self.chain {
            Some(chain) => self.blocks.chained(chain.start(self.number), whole)?,
            None => self.blocks.single(whole)?,
        }
        let end = usize::try_from(self.left).map_or(whole.len(), |left| left.min(whole.len()));
        if end == 0 {
            return Err(DAMAGED);
        }
        self.number = self.number.wrapping_add(1);
        self.left -= end as u64;
        (self.start, self.end) = (0, end);
        Ok(())
    }
}

impl Feed for Package<'_> {
    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        if self.start == self.end {
            if self.left == 0 {
                return Ok(0);
            }
            self.decrypt_piece()?;
        }
        let some = &self.piece[self.start..self.end];
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.start += count;
        Ok(count)
    }
}

/// Fills the buffer as far as there is something; says how far.
fn fill_up(source: &mut dyn Feed, buffer: &mut [u8]) -> Result<usize, Fault> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.pull(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Fills the whole buffer.
pub fn fill(source: &mut dyn Feed, buffer: &mut [u8]) -> Result<(), Fault> {
    if fill_up(source, buffer)? < buffer.len() {
        return Err(DAMAGED);
    }
    Ok(())
}
