//! The objects of one blob.

use std::time::SystemTime;

use super::{
    bucket::{Bucket, Object},
    layout::{Layout, Segment},
};
use crate::{Area, BlobId, BlobInfo, Error};

/// Where the objects of a blob lie: `ab/ab…32 hex…/`.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    blob: BlobId,
    path: String,
}

impl Folder {
    pub(super) fn of(blob: BlobId) -> Self {
        let path = format!("{}/{blob}", shard(blob.0[0]));
        Self { blob, path }
    }

    /// The object that makes the blob a committed one.
    pub(super) fn committed(&self) -> String {
        format!("{}/blob", self.path)
    }

    /// The object that takes an upload out of use.
    pub(super) fn condemned(&self) -> String {
        format!("{}/bad", self.path)
    }

    /// Where the segments of an unfinished file lie.
    pub(super) fn area(&self, area: Area) -> String {
        match area {
            Area::Blob => self.committed(),
            Area::Data => format!("{}/data", self.path),
            Area::Tail => format!("{}/tail", self.path),
        }
    }

    /// Lists what is there.
    pub(super) fn contents(&self, bucket: &Bucket) -> Result<Contents, Error> {
        let mut contents = Contents::new(self.blob);
        for object in bucket.list(&self.path, None)? {
            if let Some((_, name)) = parse(&object.key) {
                contents.add(&name, &object);
            }
        }
        Ok(contents)
    }
}

/// The folder of all blobs whose id begins with this byte.
pub(super) fn shard(byte: u8) -> String {
    hex::encode([byte])
}

/// What an object is to its blob.
enum Name {
    Committed,
    Condemned,
    Segment(Area, Segment),
}

fn parse(key: &str) -> Option<(BlobId, Name)> {
    let mut parts = key.split('/');
    let (shard_name, blob) = (parts.next()?, parts.next()?);
    let id: BlobId = blob.parse().ok()?;
    let area = match (parts.next()?, parts.next()) {
        ("blob", None) => Name::Committed,
        ("bad", None) => Name::Condemned,
        ("data", Some(name)) => Name::Segment(Area::Data, Segment::parse(name)?),
        ("tail", Some(name)) => Name::Segment(Area::Tail, Segment::parse(name)?),
        _ => return None,
    };
    (shard_name == shard(id.0[0]) && parts.next().is_none()).then_some((id, area))
}

/// The objects of one blob, as a listing shows them.
#[derive(Debug)]
pub(super) struct Contents {
    blob: BlobId,
    /// The size of the object `blob`.
    committed: Option<u64>,
    condemned: bool,
    data: Vec<Segment>,
    tail: Vec<Segment>,
    created: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl Contents {
    fn new(blob: BlobId) -> Self {
        Self {
            blob,
            committed: None,
            condemned: false,
            data: Vec::new(),
            tail: Vec::new(),
            created: None,
            modified: None,
        }
    }

    fn add(&mut self, name: &Name, object: &Object) {
        match name {
            Name::Committed => self.committed = Some(object.size),
            Name::Condemned => self.condemned = true,
            Name::Segment(Area::Tail, segment) => self.tail.push(*segment),
            Name::Segment(_, segment) => self.data.push(*segment),
        }
        let at = object.modified;
        self.created = Some(self.created.map_or(at, |seen| seen.min(at)));
        self.modified = Some(self.modified.map_or(at, |seen| seen.max(at)));
    }

    pub(super) fn is_committed(&self) -> bool {
        self.committed.is_some()
    }

    fn segments(&self, area: Area) -> &[Segment] {
        if area == Area::Tail {
            &self.tail
        } else {
            &self.data
        }
    }

    /// How the file of an upload lies in its segments; `None` if there is none, or no longer.
    pub(super) fn layout(&self, area: Area) -> Option<Layout> {
        let segments = self.segments(area);
        let is_open = !self.is_committed() && !self.condemned && segments.contains(&Segment::BIRTH);
        is_open.then(|| Layout::of(segments.to_vec()))
    }

    /// Everything that is there, so that what names the rest goes last.
    pub(super) fn keys(&self, folder: &Folder) -> [Vec<String>; 2] {
        let segments = [Area::Tail, Area::Data].into_iter().flat_map(|area| {
            let home = folder.area(area);
            let name = move |segment: &Segment| format!("{home}/{}", segment.name());
            self.segments(area).iter().map(name)
        });
        let condemned = self.condemned.then(|| folder.condemned());
        let committed = self.committed.map(|_| folder.committed());
        [
            segments.collect(),
            condemned.into_iter().chain(committed).collect(),
        ]
    }

    fn info(&self) -> Option<BlobInfo> {
        let stored = |segments: &[Segment]| -> u64 {
            segments.iter().map(|segment| u64::from(segment.len)).sum()
        };
        let segments = stored(&self.data) + stored(&self.tail);
        Some(BlobInfo {
            blob: self.blob,
            created: self.created?,
            modified: self.modified?,
            committed: self.is_committed(),
            // The index of a blob in segments is not part of it.
            size: if self.data.is_empty() {
                segments + self.committed.unwrap_or(0)
            } else {
                segments
            },
        })
    }
}

/// Sums up a listing, which is sorted by name.
pub(super) fn infos(objects: &[Object]) -> Vec<BlobInfo> {
    let mut found: Vec<BlobInfo> = Vec::new();
    let mut current: Option<Contents> = None;
    for object in objects {
        let Some((blob, name)) = parse(&object.key) else {
            continue;
        };
        if current
            .as_ref()
            .is_some_and(|contents| contents.blob != blob)
        {
            found.extend(current.take().and_then(|contents| contents.info()));
        }
        current
            .get_or_insert_with(|| Contents::new(blob))
            .add(&name, object);
    }
    found.extend(current.and_then(|contents| contents.info()));
    found
}
