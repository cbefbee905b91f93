//! Where a server-side command meets the use cases.

use anyhow::{Result, anyhow};
use sofie_app::{App, Context};

use crate::assemble;
use crate::ground::{Ground, Purpose, Site};

/// The use cases, and the circumstances of a command: it speaks for the system.
#[derive(Debug)]
pub struct Room {
    pub app: App,
    pub ctx: Context,
}

impl Room {
    /// Opens the installation, does the work and closes it, whatever came of the work.
    pub async fn within<T>(site: Site, work: impl AsyncFnOnce(Self) -> Result<T>) -> Result<T> {
        let ground = Ground::open(site, Purpose::Command).await?;
        if let Some(warning) = ground.keys.warning() {
            eprintln!("{warning}\n");
        }
        let outcome = match Self::open(&ground).await {
            Ok(room) => {
                let app = room.app.clone();
                let outcome = work(room).await;
                tell_uses(&app).await;
                outcome
            }
            Err(error) => Err(error),
        };
        ground.close().await;
        outcome
    }

    pub(super) async fn open(ground: &Ground) -> Result<Self> {
        let url = assemble::local_url(ground.site.config.http.listen);
        let app = assemble::app(ground, url).await?;
        let ctx = Context::system(app.now());
        Ok(Self { app, ctx })
    }
}

/// Counts how often keys were used; a count that is lost is no failure.
pub async fn tell_uses(app: &App) {
    if let Err(error) = sofie_app::keys::tell_uses(app).await {
        tracing::debug!(%error, "the uses of keys could not be counted");
    }
}

/// The refusal of a use case, in the words of a command line.
pub fn refused(error: sofie_app::Error) -> anyhow::Error {
    match &error {
        sofie_app::Error::Invalid(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|wrong| format!("{}: {}", wrong.field, wrong.code))
                .collect();
            anyhow!("invalid input: {}", fields.join(", "))
        }
        _ => error.into(),
    }
}
