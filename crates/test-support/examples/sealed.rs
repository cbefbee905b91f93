//! Makes ids and sealed words for `bench/fill.mjs`: `sealed DATABASE_URL KEK_FILE COUNT`.
//!
//! Writes a line for each package as `copy` reads it: number, package, title, note, and of two files and a mail the id and
//! what is sealed of each. All of it is sealed as the product seals it, so the product can list it.

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use secrecy::SecretString;
use sofie_app::keys::Keyring;
use sofie_domain::{Clock as _, FileId, MailId, PackageId};
use sofie_store::{CipherError, ColumnCipher, ConnectOptions, Database, NoCipher};
use sofie_test_support::FrozenClock;
use sofie_vault::{KekFiles, KekSource as _};

/// What titles are made of; a search for one of the words finds every so many packages.
const WORDS: [&str; 10] = [
    "invoice", "contract", "drawing", "minutes", "offer", "payroll", "audit", "tender", "photos",
    "report",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut arg = move || {
        args.next()
            .ok_or("usage: sealed DATABASE_URL KEK_FILE COUNT")
    };
    let (url, file, count) = (arg()?, arg()?, arg()?.parse()?);
    let options = ConnectOptions::Server {
        url: SecretString::from(url),
        unverified: true,
    };
    let db = Database::connect(&options, Arc::new(NoCipher), 2).await?;
    let source = KekFiles::new(file);
    let found = source.load()?;
    let now = FrozenClock::default().now();
    let ring = Keyring::open(&db, Arc::new(source), &found, now).await?;
    write(&*ring.columns(), count)
}

fn write(cipher: &dyn ColumnCipher, count: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for number in 0..count {
        let package = PackageId::fresh();
        let title = format!("{} {number}", word(number));
        let title = seal(cipher, "packages.title", package, &title)?;
        let note = seal(cipher, "packages.note", package, "As we agreed on Monday.")?;
        write!(out, "{number}\t{package}\t{title}\t{note}")?;
        for name in ["first", "second"] {
            let id = FileId::fresh();
            let name = format!("{}/{name}-{number}.pdf", word(number));
            let path = seal(cipher, "files.path", id, &name)?;
            let key = cipher.keyed_hash(&format!("files.path:{package}"), name.as_bytes());
            write!(out, "\t{id}\t{path}\t{}", hex(&key))?;
        }
        let mail = MailId::fresh();
        let subject = seal(cipher, "mails.subject", mail, "Files are ready for you")?;
        writeln!(out, "\t{mail}\t{subject}")?;
    }
    Ok(out.flush()?)
}

fn word(number: u64) -> &'static str {
    let many = WORDS.len() as u64;
    // Not in turns: neighbours differ from page to page.
    let place = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(place % many).map_or(WORDS[0], |place| WORDS[place])
}

fn seal(
    cipher: &dyn ColumnCipher,
    column: &str,
    row: impl std::fmt::Display,
    plain: &str,
) -> Result<String, CipherError> {
    Ok(hex(
        &cipher.seal(&format!("{column}:{row}"), plain.as_bytes())?
    ))
}

/// Bytes as `copy` reads them.
fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    format!("\\\\x{}", digits.collect::<String>())
}
