//! Whether this process can do its work.

use crate::{App, Error, Result};

/// Tells whether requests can be served: the database answers, and the store of files is there and ours.
pub async fn ready(app: &App) -> Result<()> {
    app.db().ping().await?;
    let instance = app.parts().instance.to_string();
    let ours = app.parts().vault.require_marker(instance).await;
    ours.map_err(Error::unavailable)
}
