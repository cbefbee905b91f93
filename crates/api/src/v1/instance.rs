//! What everybody may know about this installation.

use serde::Serialize;
use sofie_app::instance::Instance;
use sofie_domain::{Note, Title};
use utoipa::ToSchema;

/// What pages need before anybody is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Instance)]
pub struct InstanceBody {
    /// The name shown on pages.
    name: String,
    /// Whether the first administrator must be made.
    setup_required: bool,
    /// What somebody who is not logged in sees first: `login` or `guest`.
    first_screen: String,
    /// Whether people without an account may send.
    guest_form: bool,
    /// The type that a new package starts with.
    default_type: &'static str,
    /// The types that can be sent.
    types: Vec<&'static str>,
    /// The languages of pages and mails.
    languages: Vec<&'static str>,
    /// The most of everything.
    limits: Limits,
    /// The life of a package, in days.
    expiry_days: ExpiryDays,
    /// The fewest characters of a new password.
    password_min: usize,
    /// Whether nothing new is taken, because the licence does not hold.
    demo: bool,
}

/// The most of everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Bytes in one file.
    file_size: u64,
    /// Bytes in one package.
    package_size: u64,
    /// Files in one package.
    files: u64,
    /// Recipients of one package.
    recipients: u64,
    /// Characters of a title.
    title: usize,
    /// Characters of a note.
    note: usize,
}

/// The life of a package, in days.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpiryDays {
    /// The shortest.
    min: u64,
    /// What a new package starts with.
    default: u64,
    /// The longest.
    max: u64,
}

impl From<Instance> for InstanceBody {
    fn from(instance: Instance) -> Self {
        let [min, default, max] = instance.expiry_days;
        Self {
            name: instance.name,
            setup_required: instance.setup_required,
            first_screen: instance.first_screen,
            guest_form: instance.guest_form,
            default_type: instance.default_type.as_str(),
            types: instance.types.iter().map(|kind| kind.as_str()).collect(),
            languages: instance.languages.to_vec(),
            limits: Limits {
                file_size: instance.file_size,
                package_size: instance.package_size,
                files: instance.files,
                recipients: instance.recipients,
                title: Title::MAX,
                note: Note::MAX,
            },
            expiry_days: ExpiryDays { min, default, max },
            password_min: instance.password_min,
            demo: instance.licence.is_demo(),
        }
    }
}
