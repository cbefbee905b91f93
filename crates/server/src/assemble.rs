//! Puts the app together: one function per component, its section of the configuration in, the component out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::{StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use sofie_app::engines::Engines;
use sofie_app::licences::Licences;
use sofie_app::settings::SettingsCache;
use sofie_app::{App, Changes, Parts};
use sofie_app::{downloads::Permits, uploads::Uploads};
use sofie_detection::Programs;
use sofie_domain::Clock;
use sofie_identity::{Params, Passwords};
use sofie_queue::{Waker, kafka::Link};
use tokio_util::task::TaskTracker;

use crate::clock::SystemClock;
use crate::config::Http;
use crate::frontend::Embedded;
use crate::ground::{Ground, Site};
use crate::licence_server::OverHttps;
use crate::lifecycle::Lifecycle;
use crate::{storage, worker};

/// The use cases on open ground.
pub async fn app(ground: &Ground, local_url: String) -> Result<App> {
    let clock = SystemClock;
    let installation = sofie_app::setup::open(&ground.db, clock.now())
        .await
        .context("the column key is not the one that this database began with")?;
    let waker = Waker::default();
    let kafka = ground.site.config.kafka.options()?;
    let parts = Parts {
        clock: Arc::new(clock),
        vault: storage::vault(&ground.site, &ground.db, installation.id).await?,
        keys: Arc::clone(&ground.keys.ring),
        engines: engines(&ground.site)?,
        uploads: Uploads::default(),
        permits: Permits::default(),
        instance: installation.id,
        kafka: kafka.map(|_| Link::new(&waker)),
        waker,
        changes: Changes::default(),
        local_url,
        passwords: Passwords::new(Params::default()),
        cookies: installation.cookies,
        settings: SettingsCache::default(),
        licences: Licences::new(
            ground.site.config.licence.keys()?,
            Some(Arc::new(OverHttps)),
        ),
        tasks: TaskTracker::new(),
    };
    Ok(App::new(ground.db.clone(), parts))
}

/// The engines; the inspector is started again for each file.
fn engines(site: &Site) -> Result<Engines> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    Ok(Engines::new(
        programs(program),
        worker::workers(&site.config.worker).files_at_once(),
    ))
}

/// Where the inspector is as a program of its own, seen from this one: as it was built, and as it was installed.
const INSPECTORS: [&str; 2] = ["sofie-inspect", "../libexec/sofie/sofie-inspect"];

/// The programs of the internal engines. This one alone can do it all; the inspector by itself starts in a third of the
/// time.
fn programs(program: PathBuf) -> Programs {
    let beside = INSPECTORS.map(|path| program.with_file_name(path));
    let inspect = beside.into_iter().find(|path| path.is_file());
    Programs {
        inspect: inspect.unwrap_or_else(|| program.clone()),
        yara: program,
    }
}

/// The HTTP side.
pub fn router(app: &App, http: &Http, lifecycle: &Lifecycle, metrics: PrometheusHandle) -> Router {
    let options = sofie_api::Options {
        trusted_proxies: http.trusted_proxies(),
        front_end: Box::new(Embedded),
        metrics: Some(sofie_api::Metrics(Box::new(move || metrics.render()))),
    };
    sofie_api::router(app.clone(), options)
        .layer(from_fn_with_state(lifecycle.clone(), follow_lifecycle))
}

/// Says no to the load balancer while the process starts or stops, however well the rest is, and ends streams of
/// events with the soft stop: they have no end of their own, and their readers connect again.
async fn follow_lifecycle(
    State(lifecycle): State<Lifecycle>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == "/readyz" && !lifecycle.is_ready() {
        let headers = [(header::CACHE_CONTROL, "no-store")];
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            headers,
            "starting or stopping\n",
        )
            .into_response();
    }
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let stop = lifecycle.soft.clone().cancelled_owned();
        return response.map(|body| Body::from_stream(body.into_data_stream().take_until(stop)));
    }
    response
}

/// Where people on this machine reach a listener.
pub fn local_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inspector_beside_this_program_is_taken_or_else_this_one() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        let libexec = dir.path().join("libexec/sofie");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(&libexec).unwrap();
        let program = bin.join("sofie");
        assert_eq!(programs(program.clone()), program.clone().into());
        std::fs::write(libexec.join("sofie-inspect"), "").unwrap();
        let installed = programs(program.clone());
        assert!(installed.inspect.ends_with("sofie/sofie-inspect"));
        assert_eq!(installed.yara, program);
        std::fs::write(bin.join("sofie-inspect"), "").unwrap();
        assert_eq!(programs(program).inspect, bin.join("sofie-inspect"));
    }

    #[test]
    fn the_local_address_can_be_opened() {
        assert_eq!(
            local_url("127.0.0.1:9090".parse().unwrap()),
            "http://127.0.0.1:9090"
        );
        assert_eq!(
            local_url("0.0.0.0:80".parse().unwrap()),
            "http://localhost:80"
        );
        assert_eq!(local_url("[::]:80".parse().unwrap()), "http://localhost:80");
        assert_eq!(local_url("[::1]:80".parse().unwrap()), "http://[::1]:80");
    }
}
