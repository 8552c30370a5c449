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
