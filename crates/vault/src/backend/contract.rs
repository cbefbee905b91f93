//! What every backend must do, run on each of them.

use super::*;

fn id(byte: u8) -> BlobId {
    let mut id = [byte; 16];
    id[15] = 1;
    BlobId(id)
}

pub(super) fn suite(backend: &dyn BlobBackend) {
    files_are_made_once_and_positional(backend);
    publish_moves_data_and_drops_the_tail(backend);
    condemned_uploads_are_gone_but_listed(backend);
    small_blobs_are_made_at_once(backend);
    remove_is_idempotent(backend);
}

fn files_are_made_once_and_positional(backend: &dyn BlobBackend) {
    let blob = id(1);
    assert!(matches!(
        backend.open(blob, Area::Data),
        Err(Error::NotFound)
    ));
    let file = backend.create(blob, Area::Data).unwrap();
    assert!(matches!(
        backend.create(blob, Area::Data),
        Err(Error::AlreadyExists)
    ));
    file.write_at(b"world", 6).unwrap();
    file.write_at(b"hello ", 0).unwrap();
    file.sync().unwrap();
    backend.sync_names(blob).unwrap();
    let again = backend.open(blob, Area::Data).unwrap();
    let mut buf = [0; 11];
    again.read_at(&mut buf, 0).unwrap();
    assert_eq!(&buf, b"hello world");
    assert!(matches!(again.read_at(&mut buf, 1), Err(Error::Corrupt(_))));
    again.write_at(b"W", 6).unwrap();
    again.set_size(8).unwrap();
    again.sync().unwrap();
    drop((file, again));
    let file = backend.open(blob, Area::Data).unwrap();
    assert_eq!(file.size().unwrap(), 8);
    let mut ends = [0; 4];
    file.read_each(&[0, 6], 2, &mut ends).unwrap();
    assert_eq!(&ends, b"heWo");
}

fn publish_moves_data_and_drops_the_tail(backend: &dyn BlobBackend) {
    let blob = id(2);
    assert!(matches!(backend.publish(blob), Err(Error::NotFound)));
    for (area, content) in [(Area::Data, b"x".as_slice()), (Area::Tail, b"yy")] {
        let file = backend.create(blob, area).unwrap();
        file.write_at(content, 0).unwrap();
        file.sync().unwrap();
    }
    let info = backend.list(2).unwrap().remove(0);
    assert_eq!((info.blob, info.committed, info.size), (blob, false, 3));
    backend.publish(blob).unwrap();
    let info = backend.list(2).unwrap().remove(0);
    assert_eq!((info.blob, info.committed, info.size), (blob, true, 1));
    assert!(matches!(
        backend.open(blob, Area::Data),
        Err(Error::NotFound)
    ));
    assert!(matches!(
        backend.open(blob, Area::Tail),
        Err(Error::NotFound)
    ));
    let file = backend.open(blob, Area::Blob).unwrap();
    let mut byte = [0; 1];
    file.read_at(&mut byte, 0).unwrap();
    assert_eq!(&byte, b"x");
}

fn small_blobs_are_made_at_once(backend: &dyn BlobBackend) {
    let blob = id(5);
    let file = backend.create(blob, Area::Blob).unwrap();
    file.write_at(b"small", 0).unwrap();
    file.sync().unwrap();
    backend.sync_names(blob).unwrap();
    assert!(matches!(
        backend.create(blob, Area::Blob),
        Err(Error::AlreadyExists)
    ));
    let file = backend.open(blob, Area::Blob).unwrap();
    assert_eq!(file.size().unwrap(), 5);
    backend.remove(blob).unwrap();
    assert!(matches!(
        backend.open(blob, Area::Blob),
        Err(Error::NotFound)
    ));
}

fn condemned_uploads_are_gone_but_listed(backend: &dyn BlobBackend) {
    let blob = id(3);
    backend.create(blob, Area::Data).unwrap();
    backend.condemn(blob).unwrap();
    assert!(matches!(
        backend.open(blob, Area::Data),
        Err(Error::NotFound)
    ));
    assert_eq!(backend.list(3).unwrap().len(), 1);
    assert!(backend.list(4).unwrap().is_empty());
}

fn remove_is_idempotent(backend: &dyn BlobBackend) {
    for byte in 1..4 {
        backend.remove(id(byte)).unwrap();
        backend.remove(id(byte)).unwrap();
        assert!(backend.list(byte).unwrap().is_empty());
    }
    backend.remove(id(9)).unwrap();
}

pub(super) fn marker_suite(backend: &dyn BlobBackend) {
    assert!(matches!(
        backend.require_marker("one"),
        Err(Error::Marker(_))
    ));
    backend.probe().unwrap();
    assert!(matches!(
        backend.ensure_marker("../x"),
        Err(Error::Marker(_))
    ));
    backend.ensure_marker("one").unwrap();
    backend.ensure_marker("one").unwrap();
    backend.require_marker("one").unwrap();
    assert!(matches!(
        backend.ensure_marker("two"),
        Err(Error::Marker(_))
    ));
    assert!(matches!(
        backend.require_marker("two"),
        Err(Error::Marker(_))
    ));
}

pub(super) fn unmarked_suite(backend: &dyn BlobBackend) {
    backend.create(id(1), Area::Data).unwrap();
    assert!(matches!(
        backend.ensure_marker("one"),
        Err(Error::Marker(_))
    ));
}

#[test]
fn memory() {
    suite(&MemoryBackend::new());
    marker_suite(&MemoryBackend::new());
    unmarked_suite(&MemoryBackend::new());
}

#[test]
fn local() {
    for run in [suite, marker_suite, unmarked_suite] {
        let dir = tempfile::tempdir().unwrap();
        let backend = LocalBackend::open(dir.path()).unwrap();
        run(&backend);
        assert!(backend.free_space().unwrap().unwrap() > 0);
    }
}

#[test]
fn local_names_and_modes_say_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let backend = LocalBackend::open(dir.path()).unwrap();
    backend.create(id(0xab), Area::Blob).unwrap();
    let path = dir.path().join("ab").join(id(0xab).to_string());
    let mode = |p: &std::path::Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}
