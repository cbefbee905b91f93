//! Mail: messages (RFC 5322, MIME: RFC 2045 ff.), mailboxes, and files packed into text.
//!
//! Everything is read line by line as it streams by. Where programs are known to disagree
//! about what belongs to which part, the message is *suspicious*: what one program shows as
//! text another one would save as a program.

mod fields;
mod lines;
mod mbox;
mod part;
mod text;
mod tnef;
mod transfer;
mod words;

pub use fields::is_known;
pub use mbox::walk as mbox;
pub use part::walk as message;
pub use text::walk as text;
pub use tnef::walk as tnef;
pub use words::hex_byte;
