//! Large files that are read out of order: parts of them are had once more from whoever has the file (ADR 008).

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderMethod};
use sofie_detection::{
    Again, Body, Broken, ErrorKind, Inspection, InspectionLimits, Inspector, Outcome, Source, body,
};

use super::fixture::probe;
use super::scan;

/// Less than the archive is long.
const MEMORY: u64 = 5 << 20;

/// An archive whose members stand in it as they are, the test file last.
fn archive() -> Vec<u8> {
    let mut state = 1_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let large: Vec<u8> = std::iter::repeat_with(&mut noise)
        .take(7 << 18)
        .flatten()
        .collect();
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(vec![EncoderMethod::COPY.into()]);
    for (name, content) in [("noise.bin", large), ("e.com", sofie_inspector::eicar())] {
        let entry = ArchiveEntry::new_file(name);
        writer
            .push_archive_entry(entry, Some(content.as_slice()))
            .unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A file that is read once more; some of it can't be had, or comes back otherwise.
struct File {
    content: Vec<u8>,
    served: AtomicU64,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Nothing,
    Unreadable,
    Short,
}

#[async_trait]
impl Source for File {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, Broken> {
        self.served
            .fetch_add(range.end - range.start, Ordering::Relaxed);
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let bytes = &self.content[range];
        match self.fault {
            Fault::Nothing => Ok(Bytes::copy_from_slice(bytes)),
            Fault::Unreadable => Err(Broken::Source),
            Fault::Short => Ok(Bytes::copy_from_slice(&bytes[1..])),
        }
    }
}

async fn inspect(content: &[u8], again: Option<Arc<File>>) -> Inspection {
    let limits = InspectionLimits {
        memory: MEMORY,
        ..InspectionLimits::STANDARD
    };
    let inspector = Inspector::new(probe(), limits, 1);
    let again = again.map_or_else(Again::default, |file| Again::from(file));
    let scan = scan("a.7z", content.len()).with_again(again);
    let (sender, body) = body(2);
    let pieces: Vec<Bytes> = content
        .chunks(1 << 20)
        .map(Bytes::copy_from_slice)
        .collect();
    let feeding = async move {
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        sender.finish().await.unwrap();
    };
    let ((), inspection) = tokio::join!(feeding, inspector.inspect(&scan, body));
    inspection
}

fn file(content: &[u8], fault: Fault) -> Arc<File> {
    Arc::new(File {
        content: content.to_vec(),
        served: AtomicU64::default(),
        fault,
    })
}

fn outcome(inspection: &Inspection, engine: &str) -> Outcome {
    let mut rows = inspection.reports.iter();
    rows.find(|row| row.engine == engine).unwrap().outcome
}

#[tokio::test]
async fn what_does_not_fit_in_memory_is_read_once_more() {
    let content = archive();
    let alone = inspect(&content, None).await;
    assert!(matches!(
        outcome(&alone, "container"),
        Outcome::Incomplete { .. }
    ));

    let whole = file(&content, Fault::Nothing);
    let seen = inspect(&content, Some(Arc::clone(&whole))).await;
    assert_eq!(outcome(&seen, "container").name(), "clean");
    assert_eq!(outcome(&seen, "eicar"), Outcome::Infected);
    let objects = seen.contents.unwrap().objects;
    assert!(
        objects
            .iter()
            .any(|object| object.path.ends_with("noise.bin"))
    );
    let served = whole.served.load(Ordering::Relaxed);
    let size = content.len() as u64;
    assert!((size / 2..size * 2).contains(&served), "{served} of {size}");
}

#[tokio::test]
async fn what_can_not_be_had_once_more_is_an_error() {
    let content = archive();
    for fault in [Fault::Unreadable, Fault::Short] {
        let seen = inspect(&content, Some(file(&content, fault))).await;
        let expected = Outcome::Error {
            kind: ErrorKind::Source,
            retryable: true,
        };
        for row in &seen.reports {
            assert_eq!(row.outcome, expected, "{}", row.engine);
        }
        assert!(seen.contents.is_none());
    }
}

#[tokio::test]
async fn a_small_file_is_not_asked_for_again() {
    let content = b"nothing to see";
    let whole = file(content, Fault::Nothing);
    let inspector = Inspector::new(probe(), InspectionLimits::STANDARD, 1);
    let scan = scan("a.txt", content.len()).with_again(Again::from(Arc::clone(&whole) as _));
    let seen = inspector.inspect(&scan, Body::of(content)).await;
    assert_eq!(outcome(&seen, "container").name(), "clean");
    assert_eq!(whole.served.load(Ordering::Relaxed), 0);
}
