//! What everybody may know about this installation.

use sofie_domain::{LicenceStanding, PackageType};

use crate::{App, Result};

/// What a page needs before anybody is known.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The name shown on pages.
    pub name: String,
    /// Whether the first administrator must be made.
    pub setup_required: bool,
    /// What somebody who is not logged in sees first: `login` or `guest`.
    pub first_screen: String,
    /// Whether people without an account may send.
    pub guest_form: bool,
    /// The type that a new package starts with.
    pub default_type: PackageType,
    /// The types that can be sent.
    pub types: Vec<PackageType>,
    /// The most bytes in one file.
    pub file_size: u64,
    /// The most bytes in one package.
    pub package_size: u64,
    /// The most files in one package.
    pub files: u64,
    /// The most recipients of one package.
    pub recipients: u64,
    /// The shortest, usual and longest life of a package in days.
    pub expiry_days: [u64; 3],
    /// The languages of pages and mails.
    pub languages: &'static [&'static str],
    /// The fewest characters of a new password.
    pub password_min: usize,
    /// How it stands to its licence.
    pub licence: LicenceStanding,
}

/// The languages of pages and mails.
pub const LANGUAGES: &[&str] = &["en", "cs"];

/// Describes the installation.
pub async fn describe(app: &App) -> Result<Instance> {
    let settings = app.settings().await?;
    let licence = app.licence().await?.standing;
    let mut tx = app.db().read().await?;
    let any = sofie_store::administrators::any(&mut tx).await?;
    let mut types = vec![PackageType::Private];
    if settings.bool("packages.internal") {
        types.push(PackageType::Internal);
    }
    if settings.bool("packages.public") {
        types.push(PackageType::Public);
    }
    let default_type = settings.text("packages.default_type").parse();
    Ok(Instance {
        name: settings.text("instance.name"),
        setup_required: !any,
        first_screen: settings.text("instance.first_screen"),
        guest_form: settings.bool("guest_form.enabled"),
        default_type: default_type.unwrap_or(PackageType::Private),
        types,
        file_size: settings.count("packages.max_file_size"),
        package_size: settings.count("packages.max_size"),
        files: settings.count("packages.max_files"),
        recipients: settings.count("packages.max_recipients"),
        expiry_days: [
            settings.count("packages.expiry_min_days"),
            settings.count("packages.expiry_default_days"),
            settings.count("packages.expiry_max_days"),
        ],
        languages: LANGUAGES,
        password_min: 15,
        licence,
    })
}
