use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Where traces go.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    #[serde(skip_serializing_if = "Option::is_none")]
    otlp_endpoint: Option<String>,
}

impl Telemetry {
    /// The address that traces are posted to; `None` when none are.
    pub fn traces(&self) -> Result<Option<String>> {
        let Some(endpoint) = &self.otlp_endpoint else {
            return Ok(None);
        };
        let rest = endpoint
            .strip_prefix("http://")
            .or_else(|| endpoint.strip_prefix("https://"));
        ensure!(
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', '@'])),
            "telemetry.otlp_endpoint: the address of a collector, such as http://127.0.0.1:4318"
        );
        Ok(Some(format!(
            "{}/v1/traces",
            endpoint.trim_end_matches('/')
        )))
    }
}
