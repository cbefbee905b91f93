//! Rate limits, counted in the database so that all processes share them (ACC-17).

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use sofie_domain::Event;
use sofie_store::{Tx, rate_limits};

use crate::{App, Context, Error, Result, audit};

/// How many tries of something are allowed in a time.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is counted, such as `login:user:anna@example.org:192.0.2.1`.
    pub key: String,
    /// The most tries in one window.
    pub max: u32,
    /// How long a window lasts.
    pub window: TimeDelta,
}

impl Limit {
    /// Returns a limit of `max` tries a minute.
    #[must_use]
    pub fn per_minute(key: String, max: u32) -> Self {
        let window = TimeDelta::minutes(1);
        Self { key, max, window }
    }
}

/// Returns the part of an address that a person can't change at will: an IPv4 address, or the /64 network of
/// an IPv6 address.
#[must_use]
pub fn address(ip: Option<IpAddr>) -> String {
    match ip.map(|ip| ip.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

/// Counts a try in a transaction of its own, so that a failure after it still counts.
pub async fn spend(
    app: &App,
    key: &str,
    max: u32,
    window: TimeDelta,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let refusal = refused(&mut tx, key, max, window, now).await?;
    tx.commit().await?;
    refusal.map_or(Ok(()), |refusal| Err(refusal.error))
}

/// Counts a try against several limits, as [`spend`] does against one. The first refusal of a window is
/// audited.
pub async fn attempt(app: &App, ctx: &Context, limits: &[Limit]) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let mut result = Ok(());
    for limit in limits {
        let refusal = refused(&mut tx, &limit.key, limit.max, limit.window, ctx.now).await?;
        let Some(refusal) = refusal else { continue };
        if refusal.first {
            let data = serde_json::json!({ "limit": limit.key });
            audit::record(&mut tx, ctx, Event::RateLimited, None, data).await?;
        }
        result = Err(refusal.error);
    }
    tx.commit().await?;
    result
}

struct Refusal {
    first: bool,
    error: Error,
}

async fn refused(
    tx: &mut Tx,
    key: &str,
    max: u32,
    window: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<Refusal>> {
    let counter = rate_limits::hit(tx, key, window, now).await?;
    let hits = u32::try_from(counter.hits).unwrap_or(u32::MAX);
    if hits <= max {
        return Ok(None);
    }
    let left = counter.window_start + window - now;
    let retry_after = left.to_std().unwrap_or_default();
    Ok(Some(Refusal {
        first: hits == max.saturating_add(1),
        error: Error::RateLimited { retry_after },
    }))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text: &str| address(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(address(None), "unknown");
    }
}
