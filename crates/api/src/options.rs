//! What the composition root gives to the HTTP door.

use std::{ops::Deref, sync::Arc};

use sofie_app::App;

use crate::{FrontEnd, Network, NoFrontEnd};

/// How the door behaves; the default is a door without proxies, pages and metrics.
#[derive(Debug)]
pub struct Options {
    /// Peers whose word about the client's address counts.
    pub trusted_proxies: Vec<Network>,
    /// The pages.
    pub front_end: Box<dyn FrontEnd>,
    /// What `/metrics` answers.
    pub metrics: Option<Metrics>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            front_end: Box::new(NoFrontEnd),
            metrics: None,
        }
    }
}

/// Renders the metrics of the process in the text format of Prometheus.
pub struct Metrics(pub Box<dyn Fn() -> String + Send + Sync>);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Metrics")
    }
}

/// The state that all routes share.
#[derive(Clone, Debug)]
pub struct State(Arc<Shared>);

/// What is behind [`State`].
#[derive(Debug)]
pub struct Shared {
    /// The use cases.
    pub app: App,
    /// How the door behaves.
    pub options: Options,
}

impl State {
    pub(crate) fn new(app: App, options: Options) -> Self {
        Self(Arc::new(Shared { app, options }))
    }
}

impl Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
