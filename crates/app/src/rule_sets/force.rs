//! The rules that files are searched by at present.

use std::sync::Arc;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use sofie_detection::{RuleSet as Source, Yara};
use sofie_store::rule_sets::{self as rows, Version};

use crate::{App, Error, Result};

/// Returns the rules in force; nothing if no set is.
pub(crate) async fn in_force(app: &App) -> Result<Option<Arc<Yara>>> {
    let settings = app.settings().await?;
    let mut tx = app.db().read().await?;
    let active = rows::active(&mut tx).await?;
    if active.is_empty() {
        return Ok(None);
    }
    let mut yara = Yara {
        sets: Vec::new(),
        version: fingerprint(&active),
        object_bytes: settings.count("checks.yara_object_mib") << 20,
        seconds: settings.count("checks.yara_seconds"),
    };
    let mut known = app.parts().engines.rules.lock().await;
    if let Some(known) = known.as_ref().filter(|known| is_same(known, &yara)) {
        return Ok(Some(Arc::clone(known)));
    }
    for version in active {
        let source = match rows::source(&mut tx, &version.set, version.number).await {
            Ok(source) => source.unwrap_or_default(),
            Err(error) if error.is_passing() => return Err(error.into()),
            // Rules that can't be read can't be compiled either: the engine fails, and nothing is clean.
            Err(error) => {
                let error = Error::from(error);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    rule_set = version.set,
                    "rules can't be read"
                );
                String::new()
            }
        };
        let name = version.set;
        yara.sets.push(Source { name, source });
    }
    let yara = Arc::new(yara);
    *known = Some(Arc::clone(&yara));
    Ok(Some(yara))
}

fn is_same(known: &Yara, wanted: &Yara) -> bool {
    (&known.version, known.object_bytes, known.seconds)
        == (&wanted.version, wanted.object_bytes, wanted.seconds)
}

/// Tells these rules from any others, in sixteen digits.
fn fingerprint(active: &[Version]) -> String {
    let mut digest = Digest::new(&SHA256);
    for version in active {
        digest.update(version.set.as_bytes());
        digest.update(&[0]);
        digest.update(&version.sha256);
    }
    let mut digits = hex::encode(digest.finish());
    digits.truncate(16);
    digits
}
