//! Bounded buffers for the hot paths.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

/// Free buffers kept for the next; a burst's worth goes back to the system.
const KEPT: usize = 32;

/// Large buffers that are used again and again, and never more of them than a fixed number.
///
/// Nobody ever waits for one: who gets none works with a small buffer of his own. So a thousand
/// stalled uploads can't keep the others from writing.
pub(crate) struct BufferPool {
    inner: Mutex<Inner>,
    size: usize,
}

struct Inner {
    free: Vec<Box<[u8]>>,
    /// How many may still be handed out or made.
    left: usize,
}

impl BufferPool {
    pub(crate) fn new(size: usize, count: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                free: Vec::new(),
                left: count,
            }),
            size,
        })
    }

    /// A large buffer with any content, or one of `small` bytes when all large ones are out.
    pub(crate) fn take(self: &Arc<Self>, small: usize) -> Buffer {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.left == 0 {
            drop(inner);
            return Buffer {
                bytes: vec![0; small].into_boxed_slice(),
                pool: None,
            };
        }
        inner.left -= 1;
        let reused = inner.free.pop();
        drop(inner);
        Buffer {
            bytes: reused.unwrap_or_else(|| vec![0; self.size].into_boxed_slice()),
            pool: Some(Arc::clone(self)),
        }
    }

    fn give_back(&self, bytes: Box<[u8]>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.left += 1;
        if inner.free.len() < KEPT {
            inner.free.push(bytes);
        }
    }
}

/// A buffer that goes back to its pool when dropped.
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    pool: Option<Arc<BufferPool>>,
}

impl Buffer {
    /// A buffer of its own, from no pool.
    pub(crate) fn small(size: usize) -> Self {
        Self {
            bytes: vec![0; size].into_boxed_slice(),
            pool: None,
        }
    }
}

impl Buffer {
    /// Whether it is one of the pool's large ones.
    pub(crate) fn is_pooled(&self) -> bool {
        self.pool.is_some()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.give_back(std::mem::take(&mut self.bytes));
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BufferPool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_hands_out_more_large_buffers_than_it_has() {
        let pool = BufferPool::new(100, 2);
        let (a, b, c) = (pool.take(10), pool.take(10), pool.take(10));
        assert_eq!((a.len(), b.len(), c.len()), (100, 100, 10));
        drop((a, c));
        assert_eq!(pool.take(10).len(), 100);
        drop(b);
        assert_eq!(pool.inner.lock().unwrap().free.len(), 2);
    }
}
