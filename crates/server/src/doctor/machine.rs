//! What can be told without the database: this machine, its folders and files, and the addresses.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use sofie_domain::Clock;

use super::{Finding, keys};
use crate::clock::SystemClock;
use crate::ground::Site;
use crate::{data_dir, frontend};

/// Below this much free space, or a twentieth of all, it is time for an administrator to do something.
const LEAST_FREE: u64 = 2 << 30;
/// How long an answer from this machine may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a configuration file holds that nobody else should read.
const SECRETS: [&str; 4] = ["url", "owner_url", "password", "secret_key"];

/// Looks at everything that there is to see from here.
pub fn examine(site: &Site) -> Vec<Finding> {
    let mut all = vec![clock(&SystemClock), embedded_front_end()];
    all.extend(configuration(site.file.as_deref()));
    all.push(data_directory(site));
    all.extend(site.dir.is_dir().then(|| free_space(site)));
    all.extend(keys::examine(site));
    all.push(listener(site.config.http.listen));
    all.extend(proxies(site));
    all.extend(metrics(site.config.metrics.listen));
    all
}

/// Whether the clock is at least where it was when this program was built: expiry depends on it.
pub fn clock_is_sane(clock: &dyn Clock) -> bool {
    let built: i64 = env!("SOFIE_BUILT_AT").parse().unwrap_or(0);
    clock.now().timestamp() >= built
}

pub fn clock(clock: &dyn Clock) -> Finding {
    if clock_is_sane(clock) {
        Finding::ok("clock", clock.now().format("%F %T UTC").to_string())
    } else {
        let advice = "set it, and keep it right: chrony or systemd-timesyncd";
        Finding::fail(
            "clock",
            "it shows a time before this program was built",
            advice,
        )
    }
}

fn embedded_front_end() -> Finding {
    if frontend::is_built() {
        Finding::ok("front end", "part of this program")
    } else {
        Finding::warn(
            "front end",
            "not part of this build: only the API answers",
            "build with `make build`",
        )
    }
}

/// Whether a secret stands in a section or in one below it.
fn holds_secrets(table: &toml::Table) -> bool {
    table.iter().any(|(name, value)| match value {
        toml::Value::Table(below) => holds_secrets(below),
        _ => SECRETS.contains(&name.as_str()),
    })
}

/// Whether others can read the secrets in the configuration file.
fn configuration(file: Option<&Path>) -> Option<Finding> {
    let file = file?;
    let what = "configuration";
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    let table: toml::Table = fs::read_to_string(file).ok()?.parse().ok()?;
    let secret = holds_secrets(&table);
    Some(if secret && mode & 0o007 != 0 {
        let advice = format!(
            "chmod 640 {0}, its group being that of the service",
            file.display()
        );
        let detail = format!("holds secrets, and everybody may read it (mode {mode:o})");
        Finding::fail(what, detail, advice)
    } else {
        Finding::ok(what, file.display().to_string())
    })
}

fn data_directory(site: &Site) -> Finding {
    let what = "data directory";
    let shown = site.dir.display();
    if !site.dir.is_dir() {
        let advice = "name the right one by --data-dir or data_dir, or mount it; the first `sofie serve` makes it";
        return Finding::fail(what, format!("{shown} does not exist"), advice);
    }
    if let Err(error) = data_dir::try_writing(&site.dir) {
        let advice = "run this as the account of the service; else mount it for writing, and see to its owner";
        return Finding::fail(what, format!("{shown} can't be written: {error}"), advice);
    }
    let mode = fs::metadata(&site.dir).map_or(0, |meta| meta.permissions().mode() & 0o777);
    if mode & 0o066 != 0 {
        let detail = format!("{shown} is open to other accounts (mode {mode:o})");
        return Finding::warn(what, detail, format!("chmod go-rw {shown}"));
    }
    Finding::ok(what, shown.to_string())
}

fn free_space(site: &Site) -> Finding {
    let what = "free space";
    let advice = "make room, or enlarge the file system";
    let stat = match rustix::fs::statvfs(&site.dir) {
        Ok(stat) => stat,
        Err(error) => return Finding::warn(what, format!("can't be told: {error}"), advice),
    };
    let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
    let shown = format!("{} of {} GiB", free >> 30, all >> 30);
    if free < LEAST_FREE.max(all / 20) {
        let floor = sofie_app::uploads::FREE_FLOOR >> 20;
        let detail = format!("{shown}: uploads that would leave less than {floor} MiB are refused");
        Finding::warn(what, detail, advice)
    } else if stat.f_files > 0 && stat.f_favail < stat.f_files / 20 {
        let detail = format!("{shown}, but hardly any names (inodes) are left");
        Finding::warn(what, detail, advice)
    } else {
        Finding::ok(what, shown)
    }
}

/// Who has the address that the web side listens on.
fn listener(address: SocketAddr) -> Finding {
    let what = "web address";
    let wide = "without TLS anybody in between reads along: listen on 127.0.0.1, behind the proxy (http.listen)";
    let near = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    };
    let Ok(stream) = TcpStream::connect_timeout(&near, PATIENCE) else {
        return if address.ip().is_unspecified() {
            Finding::warn(
                what,
                format!("{address} is every address of this machine"),
                wide,
            )
        } else {
            Finding::ok(what, format!("{address}; nothing listens there at present"))
        };
    };
    if !is_sofie(stream).unwrap_or(false) {
        let advice = "stop that program, or listen elsewhere: http.listen";
        return Finding::fail(
            what,
            format!("another program listens on {address}"),
            advice,
        );
    }
    if address.ip().is_unspecified() {
        return Finding::warn(
            what,
            format!("{address} is every address of this machine"),
            wide,
        );
    }
    Finding::ok(what, format!("SOFiE answers at {address}"))
}

fn is_sofie(mut stream: TcpStream) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer.contains("\"status\":\"ok\"") && answer.contains("x-request-id"))
}

/// Whether strangers count as proxies, who are believed when they say whom they speak for.
fn proxies(site: &Site) -> Option<Finding> {
    // Of the documentation (RFC 5737, RFC 3849): no proxy of anybody is there.
    let strangers: [IpAddr; 3] = [
        Ipv4Addr::new(192, 0, 2, 1).into(),
        Ipv4Addr::new(198, 51, 100, 1).into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    ];
    let proxies = site.config.http.trusted_proxies();
    let believed = strangers
        .iter()
        .any(|ip| proxies.iter().any(|net| net.contains(*ip)));
    believed.then(|| {
        Finding::fail(
            "trusted proxies",
            "everybody is believed who says that he speaks for somebody else",
            "name the addresses of the proxies alone: http.trusted_proxies",
        )
    })
}

/// Whether the metrics are told to the world.
fn metrics(address: Option<SocketAddr>) -> Option<Finding> {
    let what = "metrics address";
    let address = address?;
    let near = match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    Some(if near {
        Finding::ok(what, address.to_string())
    } else {
        let detail = format!("{address} can be reached by anybody");
        let advice =
            "listen on 127.0.0.1 or on an address of the network of Prometheus: metrics.listen";
        Finding::warn(what, detail, advice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> chrono::DateTime<chrono::Utc> {
            chrono::DateTime::from_timestamp(self.0, 0).unwrap_or_default()
        }
    }

    #[test]
    fn a_clock_from_before_the_build_is_wrong() {
        assert!(clock(&At(1_000_000_000)).failed());
        assert!(!clock(&At(4_000_000_000)).failed());
    }
}
