//! Mails: what they say, in which language, and how they leave.
//!
//! A [`Template`] is a kind of mail with its placeholders, and plain data that can be stored. [`Renderer`] turns it
//! into a [`Rendered`] mail; a [`Transport`] hands that to a server. Sending is at least once: when a connection
//! breaks at the wrong moment nobody can know whether the server took the mail, so the caller sends it again under
//! the same [`MessageId`].

mod envelope;
mod lang;
mod render;
mod smtp;
mod template;
mod transport;

pub use envelope::{AddressError, Envelope, Mailbox, MessageId};
pub use lang::{Lang, UnknownLang};
pub use render::{RenderError, Rendered, Renderer};
pub use smtp::{SmtpConfig, SmtpLogin, SmtpTls, SmtpTransport};
pub use template::{
    AccountEvent, AccountInvite, Code, Decided, Delivered, Downloaded, Expiring, Licence, Locked,
    NewPackage, NotIntact, PackageReceived, PasswordReset, Quarantined, Recalled, RecalledFetched,
    Rejected, Released, Request, Template, TestMail, ToApprove, TokenCreated,
};
pub use transport::{Accepted, SendError, Transport};
