//! The jobs of this process.

use std::sync::LazyLock;

use sofie_app::jobs::Workers;

use crate::config::Worker;

/// How many jobs of each kind this process runs at once.
pub fn workers(config: &Worker) -> Workers {
    Workers {
        name: name(),
        checks: config.checks,
        checks_large: config.large_checks,
        mail: config.mails,
        maintenance: config.maintenance,
    }
}

/// Names this process, and no other, in the rows that it claims and the lease that it holds.
pub fn name() -> String {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let host = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        // Processes in containers may share a host name and a number.
        let chance = uuid::Uuid::new_v4().simple().to_string();
        format!("{host}/{}/{}", std::process::id(), &chance[..8])
    });
    NAME.clone()
}
