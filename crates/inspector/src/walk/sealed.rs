//! Objects whose container has them encrypted.

use super::{Place, Walk};
use crate::passwords::Passwords;
use crate::report::{Engine, Outcome};

/// The number of an object in the report, if it is listed.
#[derive(Debug, Clone, Copy)]
pub struct Slot(usize);

impl<'b> Walk<'b> {
    /// What may open encrypted content.
    pub(crate) fn passwords(&self) -> &'b Passwords {
        self.passwords
    }

    /// The number that the next object gets.
    pub(crate) fn next_slot(&self) -> Slot {
        Slot(self.objects.len())
    }

    /// Takes back that the object of this number was opened: it was not the right password.
    pub(crate) fn reseal(&mut self, slot: Slot, name: &'static str, place: &Place) {
        if let Some(object) = self.objects.get_mut(slot.0) {
            object.opened = None;
        }
        self.find_encrypted(name, place);
    }

    /// Records that the content at `place` can't be read without a password.
    pub(crate) fn find_encrypted(&mut self, name: &'static str, place: &Place) {
        self.find(Engine::Encrypted, Outcome::Encrypted, name, place, "");
    }
}
