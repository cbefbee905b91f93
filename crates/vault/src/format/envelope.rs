//! The header, and the contexts under which everything in a blob is authenticated.

use std::fmt;

use zeroize::Zeroizing;

use super::{CHUNK, MessageId, Opener, Sealer, message::sealed_len};
use crate::{
    BlobSpec, Error,
    crypto::{equal, mac},
};

/// Bytes of the header.
pub(crate) const HEADER: usize = 72;
const BOUND: usize = 40;
const MAGIC: &[u8] = b"SOFB\x01\x01\x00\x48";
const HEADER_LABEL: &[u8] = b"sofie blob v1 header";

/// One blob's key and everything its ciphertext is bound to.
pub(crate) struct Envelope {
    dek: Zeroizing<[u8; 32]>,
    header: [u8; HEADER],
    context: Vec<u8>,
    part_size: u32,
}

impl Envelope {
    /// The envelope of a new blob.
    pub(crate) fn new(spec: &BlobSpec, part_size: u32) -> Result<Self, Error> {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..24].copy_from_slice(&spec.blob.0);
        header[24..32].copy_from_slice(&spec.generation.to_be_bytes());
        header[32..36].copy_from_slice(&part_size.to_be_bytes());
        let context = spec.context.encode();
        let tag = mac(&spec.key.0, HEADER_LABEL, &[&header[..BOUND], &context])?;
        header[BOUND..].copy_from_slice(&tag);
        Ok(Self {
            dek: spec.key.0.clone(),
            header,
            context,
            part_size,
        })
    }

    /// The envelope of a stored blob: fails unless its header is the one `spec` describes.
    pub(crate) fn read(spec: &BlobSpec, header: &[u8; HEADER]) -> Result<Self, Error> {
        let size = [header[32], header[33], header[34], header[35]];
        let part_size = u32::from_be_bytes(size);
        let expected = Self::new(spec, part_size)?;
        if !equal(&expected.header, header) {
            return Err(Error::Corrupt("header"));
        }
        if !is_part_size(part_size) {
            return Err(Error::Corrupt("part size"));
        }
        Ok(expected)
    }

    pub(crate) fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    /// Plain bytes of every part but the last.
    pub(crate) fn part_size(&self) -> u64 {
        u64::from(self.part_size)
    }

    /// Where part `index` begins in the file.
    pub(crate) fn part_start(&self, index: u64) -> u64 {
        HEADER as u64 + index * sealed_len(self.part_size())
    }

    pub(crate) fn seal_part(&self, index: u64) -> Result<Sealer, Error> {
        let index = index.to_be_bytes();
        Sealer::new(&self.dek, &[&self.header[..BOUND], &self.context, &index])
    }

    pub(crate) fn open_part(&self, index: u64, id: &MessageId) -> Result<Opener, Error> {
        let index = index.to_be_bytes();
        let bound = &self.header[..BOUND];
        Opener::new(&self.dek, id, &[bound, &self.context, &index])
    }

    /// Seals a piece of an unfinished part, which begins `offset` plain bytes into part `index`.
    pub(crate) fn seal_piece(&self, index: u64, offset: u64) -> Result<Sealer, Error> {
        let place = piece_place(index, offset);
        Sealer::new(&self.dek, &[&self.header[..BOUND], &self.context, &place])
    }

    pub(crate) fn open_piece(
        &self,
        index: u64,
        offset: u64,
        id: &MessageId,
    ) -> Result<Opener, Error> {
        let place = piece_place(index, offset);
        let bound = &self.header[..BOUND];
        Opener::new(&self.dek, id, &[bound, &self.context, &place])
    }

    /// A MAC bound to this blob and to what `label` says it is for.
    pub(crate) fn mac(&self, label: &[u8], data: &[&[u8]]) -> Result<[u8; 32], Error> {
        let mut all = Vec::with_capacity(data.len() + 2);
        all.extend_from_slice(&[&self.header[..BOUND], &self.context]);
        all.extend_from_slice(data);
        mac(&self.dek, label, &all)
    }
}

/// Longer than a part's context, so a piece can never pass for a part.
fn piece_place(index: u64, offset: u64) -> [u8; 20] {
    let mut place = *b"tail0123456789abcdef";
    place[4..12].copy_from_slice(&index.to_be_bytes());
    place[12..].copy_from_slice(&offset.to_be_bytes());
    place
}

pub(crate) fn is_part_size(size: u32) -> bool {
    size as usize >= CHUNK && (size as usize).is_multiple_of(CHUNK)
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope")
    }
}
