//! What every request passes on its way in and out.

mod demo;
mod edge;
mod guard;
mod headers;
mod panics;

pub(crate) use demo::demo;
pub(crate) use edge::edge;
pub(crate) use guard::guard;
pub(crate) use headers::SHELL_POLICY;
pub(crate) use panics::answer_panic;
