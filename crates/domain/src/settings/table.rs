//! The registry itself. The manual's settings page is generated from it.

use std::sync::LazyLock;

use super::{Setting, SettingKind, SettingValue};

const GIB: i64 = 1 << 30;

/// Returns every setting, grouped, in the order in which people see them.
#[must_use]
pub fn registry() -> &'static [Setting] {
    static REGISTRY: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        [
            instance(),
            packages(),
            checks(),
            super::rules::incoming(),
            guests(),
            mail(),
            sessions(),
            super::upkeep::licence(),
            super::upkeep::integrity(),
        ]
        .concat()
    });
    &REGISTRY
}

pub(super) fn flag(key: &'static str, default: bool, description: &'static str) -> Setting {
    Setting {
        key,
        kind: SettingKind::Bool,
        default: SettingValue::Bool(default),
        description,
    }
}

pub(super) fn number(
    key: &'static str,
    range: (i64, i64, i64),
    description: &'static str,
) -> Setting {
    let (min, default, max) = range;
    let kind = SettingKind::Integer { min, max };
    Setting {
        key,
        kind,
        default: SettingValue::Integer(default),
        description,
    }
}

fn bytes(key: &'static str, range: (i64, i64, i64), description: &'static str) -> Setting {
    let (min, default, max) = range;
    let kind = SettingKind::Bytes { min, max };
    Setting {
        key,
        kind,
        default: SettingValue::Integer(default),
        description,
    }
}

pub(super) fn text(key: &'static str, default: &str, description: &'static str) -> Setting {
    let kind = SettingKind::Text { max: 500 };
    Setting {
        key,
        kind,
        default: SettingValue::Text(default.to_owned()),
        description,
    }
}

fn choice(
    key: &'static str,
    kind: SettingKind,
    default: &str,
    description: &'static str,
) -> Setting {
    Setting {
        key,
        kind,
        default: SettingValue::Text(default.to_owned()),
        description,
    }
}

fn instance() -> Vec<Setting> {
    vec![
        text(
            "instance.name",
            "SOFiE",
            "The name shown on pages and in mails.",
        ),
        text(
            "instance.base_url",
            "",
            "The address under which people reach this installation, for links in mails, such as https://files.example.org. Empty: the address that the server listens on.",
        ),
        choice(
            "instance.first_screen",
            SettingKind::Choice(&["login", "guest"]),
            "login",
            "What somebody who is not logged in sees first.",
        ),
        choice(
            "instance.language",
            SettingKind::Choice(&["en", "cs"]),
            "en",
            "The language of mails to people whose own language is not known.",
        ),
    ]
}

fn packages() -> Vec<Setting> {
    let mut all = package_lives();
    all.extend(package_limits());
    all
}

fn package_lives() -> Vec<Setting> {
    vec![
        choice(
            "packages.default_type",
            SettingKind::Choice(&["private", "internal", "public"]),
            "private",
            "The type that a new package starts with.",
        ),
        flag(
            "packages.internal",
            true,
            "Whether internal packages can be sent.",
        ),
        flag(
            "packages.public",
            true,
            "Whether public packages can be sent.",
        ),
        number(
            "packages.expiry_min_days",
            (1, 1, 360),
            "The shortest life of a delivered package, in days.",
        ),
        number(
            "packages.expiry_default_days",
            (1, 30, 360),
            "The usual life of a delivered package, in days.",
        ),
        number(
            "packages.expiry_max_days",
            (1, 360, 3600),
            "The longest life of a delivered package, in days.",
        ),
        number(
            "packages.deleted_days",
            (0, 30, 360),
            "How many days a withdrawn or expired package stays in the recycle bin before its key is destroyed.",
        ),
        number(
            "packages.quarantined_days",
            (1, 30, 360),
            "How many days a package stays in quarantine before it is withdrawn.",
        ),
        number(
            "packages.requests_days",
            (1, 30, 360),
            "The usual life of a request, in days.",
        ),
        number(
            "packages.unfinished_hours",
            (1, 24, 720),
            "How many hours without progress an unsent package is kept.",
        ),
    ]
}

fn package_limits() -> Vec<Setting> {
    vec![
        bytes(
            "packages.max_size",
            (1, 1 << 40, 1 << 50),
            "The most bytes in one package.",
        ),
        bytes(
            "packages.max_file_size",
            (1, 100 * GIB, 1 << 50),
            "The most bytes in one file.",
        ),
        number(
            "packages.max_files",
            (1, 10_000, 100_000),
            "The most files in one package.",
        ),
        number(
            "packages.max_recipients",
            (1, 100, 1000),
            "The most recipients of one package.",
        ),
        number(
            "packages.access_minutes",
            (1, 30, 1440),
            "How many minutes one confirmed access lasts.",
        ),
        flag(
            "packages.partial",
            true,
            "Whether the clean files of a partly held package are delivered.",
        ),
    ]
}

fn checks() -> Vec<Setting> {
    let mut all = super::rules::outgoing();
    all.extend(super::dlp::settings());
    all.extend(rules());
    all.extend(waits());
    all.extend(looks());
    all
}

/// How far files are searched by YARA rules.
fn rules() -> Vec<Setting> {
    vec![
        number(
            "checks.yara_object_mib",
            (1, 128, 512),
            "The largest object that is searched by YARA rules, in MiB; a file with a larger one counts as not checked to the end.",
        ),
        number(
            "checks.yara_seconds",
            (1, 60, 150),
            "How many seconds of the processor's time the search of a file by YARA rules may take; large files get more.",
        ),
    ]
}

/// When files are looked at again that were delivered.
fn looks() -> Vec<Setting> {
    vec![
        flag(
            "checks.rescan_on_signatures",
            true,
            "Whether delivered files that can still be fetched are checked again when an engine is new or has new signatures.",
        ),
        number(
            "checks.rescan_days",
            (0, 7, 365),
            "After how many days delivered files that can still be fetched are checked again; 0: not by time.",
        ),
        number(
            "checks.reuse_hours",
            (0, 24, 720),
            "For how many hours an engine's word about some content counts for the same content, while its signatures and settings stay; 0: it is always asked.",
        ),
    ]
}

/// How long a package is waited for, and who sees what was found.
fn waits() -> Vec<Setting> {
    vec![
        number(
            "checks.maximum_minutes",
            (1, 120, 10_080),
            "How many minutes a package waits for an engine that does not answer before it is quarantined.",
        ),
        flag(
            "checks.show_findings",
            true,
            "Whether senders and recipients see what was found.",
        ),
        flag(
            "checks.recipients_unlock",
            false,
            "Whether recipients, like senders, are asked for the passwords of files that could not be looked into.",
        ),
    ]
}

fn guests() -> Vec<Setting> {
    vec![flag(
        "guest_form.enabled",
        false,
        "Whether people without an account may send packages to users; their address is proved by a code first.",
    )]
}

fn mail() -> Vec<Setting> {
    vec![
        text(
            "mail.from",
            "sofie@localhost",
            "The sender's address of every mail.",
        ),
        text(
            "mail.smtp_host",
            "",
            "The SMTP server. Empty: mails stay in the outbox and can be read there.",
        ),
        number(
            "mail.smtp_port",
            (1, 587, 65_535),
            "The SMTP server's port.",
        ),
        choice(
            "mail.smtp_security",
            SettingKind::Choice(&["starttls", "tls", "none"]),
            "starttls",
            "How the connection to the SMTP server is protected; there is no fall-back to plain text.",
        ),
        text(
            "mail.smtp_user",
            "",
            "The user name at the SMTP server. Empty: no login.",
        ),
        Setting {
            key: "mail.smtp_password",
            kind: SettingKind::Secret { max: 500 },
            default: SettingValue::Text(String::new()),
            description: "The password at the SMTP server.",
        },
        flag(
            "mail.delivery_notice",
            false,
            "Whether the sender gets a mail when the checks are done and the package was delivered.",
        ),
        flag(
            "mail.download_notice",
            false,
            "Whether the sender gets a mail when a recipient fetches a file for the first time.",
        ),
        number(
            "mail.reminder_days",
            (0, 3, 30),
            "So many days before a package ends, recipients who were told at least as long ago and have fetched nothing are reminded. 0: nobody is.",
        ),
    ]
}

fn sessions() -> Vec<Setting> {
    vec![
        number(
            "sessions.user_idle_minutes",
            (5, 30, 1440),
            "A user's session ends after this many minutes without a call.",
        ),
        number(
            "sessions.user_hours",
            (1, 12, 168),
            "A user's session ends after this many hours in any case.",
        ),
        number(
            "sessions.administrator_idle_minutes",
            (5, 15, 240),
            "An administrator's session ends after this many minutes without a call.",
        ),
        number(
            "sessions.administrator_hours",
            (1, 8, 24),
            "An administrator's session ends after this many hours in any case.",
        ),
        number(
            "sessions.visitor_idle_hours",
            (1, 12, 168),
            "What somebody without an account has proved in a browser (the address, a password) counts no more after this many hours without a call.",
        ),
        number(
            "sessions.visitor_hours",
            (1, 24, 720),
            "What somebody without an account has proved in a browser counts no more after this many hours in any case.",
        ),
        number(
            "sessions.confirm_minutes",
            (1, 5, 60),
            "Whoever gave the password longer ago than this many minutes is asked for it again before sensitive acts.",
        ),
        number(
            "sessions.key_days",
            (1, 30, 365),
            "A new key signs session cookies after this many days; the old ones verify until their sessions are over.",
        ),
    ]
}
