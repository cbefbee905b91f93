//! One reading of a file, all engines at once.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt, pin_mut};
use sofie_inspector::Object;
use tokio::time::{timeout, timeout_at};

use crate::body::{Body, BodySender, Broken, Gone, body};
use crate::engine::{Engine, Scan, Turn};
use crate::inspect::{Inspection, Inspector};
use crate::verdict::{EngineReport, ErrorKind};

/// Pieces under way to each engine. With pieces of 64 KiB … 1 MiB this bounds the memory.
const UNDER_WAY: usize = 4;
/// How long an engine may refuse a piece while the others wait for it.
const LONGEST_STALL: Duration = Duration::from_secs(30);

/// What all engines said of one file.
#[derive(Debug, Clone)]
pub struct Examination {
    /// One row per internal engine, then one per other engine, in their order.
    pub reports: Vec<EngineReport>,
    /// SHA-256 in hexadecimal; none when the file was not read to its end.
    pub sha256: Option<String>,
    /// CRC-32 of the file; none when it was not read to its end.
    pub crc32: Option<u32>,
    /// What is inside the file.
    pub objects: Vec<Object>,
    /// How many more objects were seen.
    pub objects_unlisted: u64,
    /// Whether content was opened with a password that was given.
    pub opened_with_password: bool,
}

/// Reads `content` once and lets the inspector, if it has not looked yet, and all `engines` look at it in parallel.
///
/// Buffers are bounded. An engine that hangs up, dies or is too slow costs only its own
/// verdict; a read error of `content` is an error of every engine that had not yet decided.
/// Always one row per engine. It waits until `scan.deadline` for a turn at every engine, and then takes at most as
/// long again.
pub async fn examine<E>(
    inspector: Option<&Inspector>,
    engines: &[Arc<dyn Engine>],
    scan: &Scan,
    content: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Examination
where
    E: Error + Send + 'static,
{
    let mut senders = Vec::with_capacity(engines.len() + 1);
    let inspected = inspector.map(|inspector| {
        let (sender, content) = body(UNDER_WAY);
        senders.push(sender);
        (inspector, content)
    });
    let mut turns = Vec::with_capacity(engines.len());
    for engine in engines {
        // Before the first byte is read, and in the same order by everybody, so that nobody waits in a circle.
        turns.push(timeout_at(scan.deadline, engine.turn()).await.ok());
    }
    let scan = &scan.begin();
    let scans = engines.iter().zip(turns).map(|(engine, turn)| {
        let (sender, body) = body(UNDER_WAY);
        senders.push(sender);
        look(engine.as_ref(), scan, turn, body)
    });
    let scans: Vec<_> = scans.collect();
    let feeding = timeout_at(scan.deadline, feed(content, senders));
    let inspecting = async {
        match inspected {
            Some((inspector, content)) => Some(inspector.inspect(scan, content).await),
            None => None,
        }
    };
    let looking = async { tokio::join!(inspecting, join_all(scans)) };
    let (_, (inspection, reports)) = tokio::join!(feeding, looking);
    assemble(inspection, reports)
}

async fn look(engine: &dyn Engine, scan: &Scan, turn: Option<Turn>, body: Body) -> EngineReport {
    let failed = |kind, words| EngineReport::failed(&engine.descriptor().id, scan, kind, words);
    let Some(_turn) = turn else {
        return failed(ErrorKind::Overload, "no turn in time");
    };
    let ended = timeout_at(scan.deadline, engine.scan(scan, body)).await;
    ended.unwrap_or_else(|_| failed(ErrorKind::Timeout, "no answer in time"))
}

fn assemble(inspection: Option<Inspection>, others: Vec<EngineReport>) -> Examination {
    let (mut reports, contents) = match inspection {
        Some(inspection) => (inspection.reports, inspection.contents),
        None => (Vec::new(), None),
    };
    reports.extend(others);
    match contents {
        Some(seen) => Examination {
            reports,
            sha256: Some(seen.sha256),
            crc32: Some(seen.crc32),
            objects: seen.objects,
            objects_unlisted: seen.objects_unlisted,
            opened_with_password: seen.opened_with_password,
        },
        None => Examination {
            reports,
            sha256: None,
            crc32: None,
            objects: Vec::new(),
            objects_unlisted: 0,
            opened_with_password: false,
        },
    }
}

/// Reads the content to its end, or until nobody listens.
async fn feed<E: Error + 'static>(
    content: impl Stream<Item = Result<Bytes, E>>,
    mut senders: Vec<BodySender>,
) {
    pin_mut!(content);
    while let Some(piece) = content.next().await {
        match piece {
            Ok(piece) => senders = hand_out(senders, &piece).await,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn Error,
                    "a file could not be read for its checks"
                );
                return senders
                    .into_iter()
                    .for_each(|sender| sender.abandon(Broken::Source));
            }
        }
        if senders.is_empty() {
            return;
        }
    }
    join_all(
        senders
            .iter()
            .map(|sender| timeout(LONGEST_STALL, sender.finish())),
    )
    .await;
}

/// Hands one piece to all; returns those that still listen.
async fn hand_out(senders: Vec<BodySender>, piece: &Bytes) -> Vec<BodySender> {
    let handed = senders.into_iter().map(|sender| async move {
        match timeout(LONGEST_STALL, sender.send(piece.clone())).await {
            Ok(Ok(())) => Some(sender),
            Ok(Err(Gone)) => None,
            Err(_) => {
                sender.abandon(Broken::TooSlow);
                None
            }
        }
    });
    join_all(handed).await.into_iter().flatten().collect()
}
