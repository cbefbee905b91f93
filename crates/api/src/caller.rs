//! Who calls: the extractor that every handler takes.

/// The app and the circumstances of the call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The collaborators.
    pub app: sofie_app::App,
    /// Who calls, from where, when.
    pub ctx: sofie_app::Context,
}
