//! The inspecting process as a program of its own: what `sofie inspect` is, without the rest of `sofie`, of which the start
//! costs more than a look into most files. See `docs/adr/005-inspector-jail.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sofie_inspector::child::run()
}
