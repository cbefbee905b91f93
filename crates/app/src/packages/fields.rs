//! What people write into the form of a package, and whether it fits.

use secrecy::SecretString;
use sofie_domain::{
    EmailAddress, InvalidText, Note, Package, PackageType, Recipient, RecipientId, RequestId,
    Settings, Title, UserPermission,
};
use sofie_identity::{PasswordPolicy, PasswordProblem};

use crate::{Context, Error, FieldError, Result};

/// The most accesses that can be set (PKG-9).
const ACCESS_LIMIT_MAX: u32 = 1_000_000;

/// The fields of a package as they came; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The type.
    pub kind: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The note.
    pub note: Option<String>,
    /// Addresses of recipients.
    pub recipients: Option<Vec<String>>,
    /// Addresses of recipients whom the others don't see.
    pub blind_recipients: Option<Vec<String>>,
    /// For how many days it can be fetched once delivered.
    pub expires_in_days: Option<u32>,
    /// The password; `Some(None)` takes it away.
    pub password: Option<Option<SecretString>>,
    /// The access limit; `Some(None)` takes it away.
    pub access_limit: Option<Option<u32>>,
    /// The request that it answers; only when it is made.
    pub request_id: Option<RequestId>,
    /// Gives up an answer that was begun in another browser; only when it is made.
    pub start_over: bool,
}

impl Input {
    /// Tells whether only the expiry is to change.
    pub(super) fn only_expiry(&self) -> bool {
        self.kind.is_none()
            && self.title.is_none()
            && self.note.is_none()
            && self.recipients.is_none()
            && self.blind_recipients.is_none()
            && self.password.is_none()
            && self.access_limit.is_none()
            && self.request_id.is_none()
            && !self.start_over
    }
}

/// Who fills in the form; it decides what may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// A user.
    User,
    /// Somebody with a proved address, through the guest form.
    Guest,
    /// Somebody who answers a request.
    Requested,
}

/// Collects what is wrong with a form.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<FieldError>);

impl Problems {
    pub(super) fn add(&mut self, field: &'static str, code: &'static str) {
        let error = FieldError::new(field, code);
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// Ends the checking.
    pub(super) fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

/// Writes the input into the package, field by field. Returns the new recipients if they change.
pub(super) fn apply(
    package: &mut Package,
    input: &Input,
    (ctx, settings, author): (&Context, &Settings, Author),
    problems: &mut Problems,
) -> Option<Vec<Recipient>> {
    if let Some(word) = &input.kind {
        match word.parse() {
            Ok(kind) => package.kind = kind,
            Err(_) => problems.add("type", "invalid"),
        }
    }
    if !may_send(ctx, settings, author, package.kind) {
        problems.add("type", "not_allowed");
    }
    if let Some(title) = text("title", input.title.as_deref(), Title::parse, problems) {
        package.title = title;
    }
    if let Some(note) = text("note", input.note.as_deref(), Note::parse, problems) {
        package.note = note;
    }
    if let Some(days) = input.expires_in_days {
        check_days(days, settings, problems);
        package.expires_in_days = days;
    }
    if let Some(limit) = input.access_limit {
        match limit {
            Some(0) => problems.add("access_limit", "too_small"),
            Some(n) if n > ACCESS_LIMIT_MAX => problems.add("access_limit", "too_large"),
            _ => package.access_limit = limit,
        }
    }
    if let Some(Some(password)) = &input.password
        && let Some(code) = password_problem(password)
    {
        problems.add("password", code);
    }
    recipients(package, input, (ctx, settings, author), problems)
}

fn text<T>(
    field: &'static str,
    given: Option<&str>,
    parse: impl Fn(&str) -> std::result::Result<T, InvalidText>,
    problems: &mut Problems,
) -> Option<T> {
    match parse(given?) {
        Ok(text) => Some(text),
        Err(InvalidText::TooLong { .. }) => {
            problems.add(field, "too_long");
            None
        }
        Err(InvalidText::Empty) => {
            problems.add(field, "required");
            None
        }
        Err(InvalidText::Control) => {
            problems.add(field, "invalid");
            None
        }
    }
}

/// Tells whether the author may send packages of a type.
pub(super) fn may_send(
    ctx: &Context,
    settings: &Settings,
    author: Author,
    kind: PackageType,
) -> bool {
    let permission = match kind {
        PackageType::Private => UserPermission::SendPrivate,
        PackageType::Internal => UserPermission::SendInternal,
        PackageType::Public => UserPermission::SendPublic,
    };
    let offered = match kind {
        PackageType::Private => true,
        PackageType::Internal => settings.bool("packages.internal"),
        PackageType::Public => settings.bool("packages.public"),
    };
    match author {
        Author::User => offered && ctx.user_permissions.contains(&permission),
        Author::Guest | Author::Requested => kind == PackageType::Private,
    }
}

pub(super) fn check_days(days: u32, settings: &Settings, problems: &mut Problems) {
    if u64::from(days) < settings.count("packages.expiry_min_days") {
        problems.add("expires_in_days", "too_small");
    } else if u64::from(days) > settings.count("packages.expiry_max_days") {
        problems.add("expires_in_days", "too_large");
    }
}

/// Says what is wrong with the password of a package or a request. It stands beside a link or a proved address, so
/// the length for second factors is enough.
pub(crate) fn password_problem(password: &SecretString) -> Option<&'static str> {
    match PasswordPolicy::with_second_factor().check(password, &[]) {
        Ok(()) => None,
        Err(PasswordProblem::TooShort { .. }) => Some("too_short"),
        Err(PasswordProblem::TooLong { .. }) => Some("too_long"),
        Err(_) => Some("common_password"),
    }
}

fn recipients(
    package: &Package,
    input: &Input,
    (ctx, settings, author): (&Context, &Settings, Author),
    problems: &mut Problems,
) -> Option<Vec<Recipient>> {
    if input.recipients.is_none() && input.blind_recipients.is_none() {
        return None;
    }
    if author == Author::Requested {
        problems.add("recipients", "not_allowed");
        return None;
    }
    let mut all: Vec<Recipient> = Vec::new();
    let lists = [
        ("recipients", &input.recipients, false),
        ("blind_recipients", &input.blind_recipients, true),
    ];
    let most = settings.count("packages.max_recipients");
    for (field, given, blind) in lists {
        let Some(given) = given else {
            all.extend(
                package
                    .recipients
                    .iter()
                    .filter(|r| r.blind == blind)
                    .cloned(),
            );
            continue;
        };
        for address in given {
            if all.len() as u64 >= most {
                problems.add(field, "too_many");
                break;
            }
            let Ok(email) = address.parse::<EmailAddress>() else {
                problems.add(field, "invalid");
                continue;
            };
            if all.iter().any(|r| r.email == email) {
                problems.add(field, "duplicate");
            }
            let own = ctx.actor.email() == Some(&email);
            if own && !ctx.user_permissions.contains(&UserPermission::Briefcase) {
                problems.add(field, "not_allowed");
            }
            all.push(recipient(email, blind));
        }
    }
    Some(all)
}

/// Returns a new recipient.
pub(super) fn recipient(email: EmailAddress, blind: bool) -> Recipient {
    Recipient {
        id: RecipientId::fresh(),
        email,
        blind,
        notified_at: None,
        opened_at: None,
    }
}
