//! RC4.

/// The state of the key stream.
pub struct Rc4 {
    state: [u8; 256],
    at: u8,
    other: u8,
}

impl Rc4 {
    /// A key of at least one byte.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut state: [u8; 256] = std::array::from_fn(|index| index.to_le_bytes()[0]);
        let mut other = 0_u8;
        for (index, byte) in (0..256).zip(key.iter().cycle()) {
            other = other.wrapping_add(state[index]).wrapping_add(*byte);
            state.swap(index, usize::from(other));
        }
        Self {
            state,
            at: 0,
            other: 0,
        }
    }

    /// Decrypts the next bytes.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.at = self.at.wrapping_add(1);
            let first = self.state[usize::from(self.at)];
            self.other = self.other.wrapping_add(first);
            let second = self.state[usize::from(self.other)];
            self.state
                .swap(usize::from(self.at), usize::from(self.other));
            *byte ^= self.state[usize::from(first.wrapping_add(second))];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rc4;

    /// RFC 6229, 2: a key of 40 bits, the first 16 bytes.
    #[test]
    fn the_key_stream_is_the_one_of_the_rfc() {
        let mut bytes = [0; 16];
        Rc4::new(&[1, 2, 3, 4, 5]).apply(&mut bytes);
        assert_eq!(hex::encode(bytes), "b2396305f03dc027ccc3524a0a1118a8");
    }
}
