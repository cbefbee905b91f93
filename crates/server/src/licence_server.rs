//! The licence server, over HTTPS.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use sofie_app::licences::{LicenceServer, Question};
use sofie_client::Poster;

const PATIENCE: Duration = Duration::from_secs(30);

/// Asks under the certificates that the system trusts.
#[derive(Debug)]
pub struct OverHttps;

#[async_trait]
impl LicenceServer for OverHttps {
    async fn ask(
        &self,
        url: &str,
        question: &Question,
    ) -> Result<String, Box<dyn Error + Send + Sync>> {
        Ok(Poster::new(PATIENCE, true)?.post(url, question).await?)
    }
}
