//! One suite that every implementation of [`ColdStorage`] passes.
#![expect(clippy::unwrap_used, reason = "a conformance suite fails by panicking")]

use bytes::Bytes;

use crate::{ColdStorage, Error};

/// Runs the suite against an empty storage.
///
/// # Panics
/// When the storage breaks the contract of [`ColdStorage`].
pub async fn run(storage: &dyn ColdStorage) {
    reads_back_what_was_put(storage).await;
    refuses_other_bytes(storage).await;
    refuses_paths_that_leave_the_storage(storage).await;
    holds_large_and_empty_objects(storage).await;
    reads_parts_of_objects(storage).await;
}

async fn reads_back_what_was_put(storage: &dyn ColdStorage) {
    let bytes = Bytes::from_static(b"first");
    assert_eq!(storage.get("tile/0/000").await.unwrap(), None);
    storage.put("tile/0/000", bytes.clone()).await.unwrap();
    assert_eq!(storage.get("tile/0/000").await.unwrap(), Some(bytes));
    assert_eq!(storage.get("tile/0/001").await.unwrap(), None);
    assert_eq!(
        storage.get("tile/0").await.unwrap(),
        None,
        "a prefix is not an object"
    );
}

async fn refuses_other_bytes(storage: &dyn ColdStorage) {
    let bytes = Bytes::from_static(b"kept");
    storage.put("tile/1/000", bytes.clone()).await.unwrap();
    storage.put("tile/1/000", bytes.clone()).await.unwrap();
    let refused = storage
        .put("tile/1/000", Bytes::from_static(b"other"))
        .await;
    assert!(matches!(refused, Err(Error::Differs { path }) if path == "tile/1/000"));
    assert_eq!(storage.get("tile/1/000").await.unwrap(), Some(bytes));
}

async fn refuses_paths_that_leave_the_storage(storage: &dyn ColdStorage) {
    for path in ["", "/tile", "../tile", "tile/../../x", "tile//0", ".hidden"] {
        let put = storage.put(path, Bytes::from_static(b"x")).await;
        assert!(
            matches!(put, Err(Error::PathInvalid { .. })),
            "put {path:?}"
        );
        assert!(
            matches!(storage.get(path).await, Err(Error::PathInvalid { .. })),
            "get {path:?}"
        );
    }
}

async fn holds_large_and_empty_objects(storage: &dyn ColdStorage) {
    for (path, bytes) in [("large", vec![7; 3 << 20]), ("empty", Vec::new())] {
        let bytes = Bytes::from(bytes);
        storage.put(path, bytes.clone()).await.unwrap();
        assert_eq!(storage.get(path).await.unwrap(), Some(bytes), "{path}");
    }
}

async fn reads_parts_of_objects(storage: &dyn ColdStorage) {
    let path = "tile/2/000";
    assert_eq!(storage.length(path).await.unwrap(), None);
    assert_eq!(storage.get_range(path, 0, 1).await.unwrap(), None);
    let bytes = Bytes::from_static(b"0123456789");
    storage.put(path, bytes.clone()).await.unwrap();
    assert_eq!(storage.length(path).await.unwrap(), Some(10));
    let prefix = "tile/2";
    assert_eq!(storage.length(prefix).await.unwrap(), None, "a prefix");
    assert_eq!(storage.get_range(prefix, 0, 1).await.unwrap(), None);
    for (offset, length, part) in [
        (0, 10, 0..10),
        (0, 3, 0..3),
        (7, 3, 7..10),
        (7, usize::MAX, 7..10),
        (9, 2, 9..10),
        (10, 1, 10..10),
        (u64::from(u32::MAX), 1, 10..10),
        (3, 0, 3..3),
    ] {
        let read = storage.get_range(path, offset, length).await.unwrap();
        assert_eq!(read, Some(bytes.slice(part)), "{length} from {offset}");
    }
    for path in ["", "../tile", "tile/../../x"] {
        let range = storage.get_range(path, 0, 1).await;
        assert!(matches!(range, Err(Error::PathInvalid { .. })), "{path:?}");
        let length = storage.length(path).await;
        assert!(matches!(length, Err(Error::PathInvalid { .. })), "{path:?}");
    }
}
