//! How a server looks from outside: what its name, its certificate and the proxy in front of it do to requests.

mod passage;
mod seen;

use std::{error::Error as _, net::IpAddr, time::Duration};

pub use self::seen::{Grade, Seen};
use self::seen::{bad, good, poor};
use crate::{Error, Result, certificate};
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, LOCATION, STRICT_TRANSPORT_SECURITY},
    redirect::Policy,
    tls::TlsInfo,
};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Certificates are commonly renewed a month before their end.
const RENEWED: i64 = 21;
const URGENT: i64 = 3;
/// Half a year, in seconds: below that browsers don't keep it in mind for long enough.
const LASTING: u64 = 15_552_000;
/// What every answer says to browsers.
const HEADERS: [&str; 3] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
];

/// Looks at a server as a stranger does; `now` is the time in seconds since 1970, `http_port` where it leads people to
/// TLS. Nothing is changed.
pub async fn look(url: &str, http_port: u16, now: i64) -> Result<Vec<Seen>> {
    let wrong = || Error::Usage("the address looks like https://files.example.org".to_owned());
    let url = Url::parse(url).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?.to_owned();
    if url.scheme() != "https" {
        let advice =
            "put a proxy with TLS in front (packaging/nginx), and ask for its https:// address";
        return Ok(vec![bad("TLS", "the address is not https://", advice)]);
    }
    let client = Client::builder()
        .user_agent(concat!("sofie-doctor/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(PATIENCE)
        .tls_info(true)
        .no_proxy()
        .build()
        .map_err(Error::Unreachable)?;
    let outside = Outside { client, url };
    let mut all = vec![name(&host).await];
    if all[0].grade == Grade::Bad {
        return Ok(all);
    }
    let answer = match outside.get("healthz").await {
        Ok(answer) => answer,
        Err(error) => {
            all.push(no_way(&error));
            return Ok(all);
        }
    };
    all.push(certificate_of(&answer, now));
    if !is_ours(answer).await {
        let advice = "let the proxy pass / to SOFiE, whose web side must run";
        all.push(bad(
            "SOFiE",
            "something else answers, or an error of the proxy",
            advice,
        ));
        return Ok(all);
    }
    all.push(good("SOFiE", "answers"));
    all.push(outside.plain(&host, http_port).await);
    all.extend(outside.headers().await);
    all.extend(outside.passage(&host).await);
    all.push(outside.upload().await);
    all.push(outside.administration().await);
    Ok(all)
}

async fn name(host: &str) -> Seen {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, 443)).await;
    let mut addresses: Vec<IpAddr> =
        found.map_or_else(|_| Vec::new(), |all| all.map(|one| one.ip()).collect());
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.is_empty() {
        return bad(
            "name",
            format!("{host} has no address"),
            "add the name to the DNS zone",
        );
    }
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    good("name", format!("{host} is {}", shown.join(", ")))
}

/// Why there is no connection, or none that can be trusted.
fn no_way(error: &reqwest::Error) -> Seen {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = inner.to_string();
        cause = inner.source();
    }
    if said.contains("certificate") {
        let advice = "install a certificate for this name with its whole chain, from a public authority or from one that \
                      every client trusts";
        return bad("certificate", said, advice);
    }
    let advice = "start the proxy, and open port 443 in the firewall";
    bad("connection", said, advice)
}

fn certificate_of(answer: &Response, now: i64) -> Seen {
    let info = answer.extensions().get::<TlsInfo>();
    let end = info
        .and_then(TlsInfo::peer_certificate)
        .and_then(certificate::not_after);
    let Some(end) = end else {
        return poor(
            "certificate",
            "trusted; its end can't be read",
            "look at it with openssl",
        );
    };
    let days = (end - now) / 86_400;
    let shown = format!("trusted, for {days} more days");
    if days < URGENT {
        bad("certificate", shown, "renew it now: certbot renew")
    } else if days < RENEWED {
        poor(
            "certificate",
            shown,
            "renew it, and find out why that does not happen by itself",
        )
    } else {
        good("certificate", shown)
    }
}

async fn is_ours(answer: Response) -> bool {
    let fine = answer.status().is_success();
    let text = answer.text().await.unwrap_or_default();
    fine && text.contains("\"status\":\"ok\"")
}

struct Outside {
    client: Client,
    url: Url,
}

impl Outside {
    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_fragment(None);
        url.set_query(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    async fn get(&self, path: &str) -> reqwest::Result<Response> {
        let request = self.client.get(self.at(path)).timeout(PATIENCE);
        request.send().await
    }

    /// What people find who leave the `https://` away.
    async fn plain(&self, host: &str, port: u16) -> Seen {
        let what = "plain HTTP";
        let mut url = self.url.clone();
        // The port first: for a moment it would be the other scheme's own.
        if url.set_scheme("http").is_err() || url.set_port(Some(port)).is_err() {
            return poor(what, "can't be asked for", "");
        }
        let answer = self.client.get(url).timeout(PATIENCE).send().await;
        let advice = "answer at port 80 with nothing but a redirect to https:// (packaging/nginx)";
        let Ok(answer) = answer else {
            return good(what, format!("nothing answers at port {port}"));
        };
        let to = header(answer.headers(), LOCATION.as_str());
        if answer.status().is_redirection() && to.starts_with(&format!("https://{host}")) {
            return good(what, format!("leads to {to}"));
        }
        bad(
            what,
            format!(
                "port {port} answers {} without TLS",
                answer.status().as_u16()
            ),
            advice,
        )
    }

    /// What browsers are told with every answer.
    async fn headers(&self) -> Vec<Seen> {
        let Ok(answer) = self.get("").await else {
            return vec![bad(
                "headers",
                "the front page does not come",
                "look into the proxy's log",
            )];
        };
        let headers = answer.headers();
        let said: Vec<_> = headers.get_all(STRICT_TRANSPORT_SECURITY).iter().collect();
        let age = said.first().and_then(|value| max_age(value.to_str().ok()?));
        let advice = "set instance.base_url to the https:// address, or have the proxy say it once, as packaging/nginx does";
        let hsts = match (said.len(), age) {
            (0, _) => poor("HSTS", "browsers are not told to stay with TLS", advice),
            (1, Some(age)) if age >= LASTING => good("HSTS", format!("for {} days", age / 86_400)),
            (1, _) => poor("HSTS", "for less than half a year", advice),
            _ => poor("HSTS", "said more than once", advice),
        };
        let missing: Vec<&str> = HEADERS
            .into_iter()
            .filter(|name| !headers.contains_key(*name))
            .collect();
        let rest = if missing.is_empty() {
            good("headers", "arrive as the server says them")
        } else {
            let advice = "let the proxy hand on the headers of answers: no proxy_hide_header but that of packaging/nginx";
            bad(
                "headers",
                format!("do not arrive: {}", missing.join(", ")),
                advice,
            )
        };
        vec![hsts, rest]
    }

    /// Whether the administration is reached from here too.
    async fn administration(&self) -> Seen {
        let what = "administration";
        match self.get("api/v1/admin/session").await {
            Ok(answer) if is_json(answer.headers()) => {
                let advice = "unless this is a network of administrators: have the proxy let only those reach /admin and \
                              /api/v1/admin (packaging/nginx has the lines)";
                poor(what, "can be reached from here", advice)
            }
            _ => good(what, "can't be reached from here"),
        }
    }
}

/// The seconds of an HSTS header.
fn max_age(text: &str) -> Option<u64> {
    let age = text.split(';').next()?.trim().strip_prefix("max-age=")?;
    age.parse().ok()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn is_json(headers: &HeaderMap) -> bool {
    header(headers, CONTENT_TYPE.as_str()).contains("json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_tls_address_is_told_before_anything_is_asked() {
        let seen = look("http://files.example.org", 80, 0).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].grade, seen[0].what), (Grade::Bad, "TLS"));
        for wrong in ["", "files.example.org", "data:x"] {
            assert_eq!(
                look(wrong, 80, 0).await.unwrap_err().exit_code(),
                2,
                "{wrong}"
            );
        }
        let nowhere = look("https://nothing.invalid", 80, 0).await.unwrap();
        assert_eq!((nowhere[0].grade, nowhere[0].what), (Grade::Bad, "name"));
    }
}
