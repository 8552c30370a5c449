//! One suite that every implementation of [`Store`] passes.
#![expect(clippy::unwrap_used, reason = "a conformance suite fails by panicking")]

use crate::{Batch, Error, Expect, Store, VALUE_BYTES_AT_MOST};

/// Runs the suite against an empty store.
///
/// # Panics
/// When the store breaks the contract of [`Store`].
pub async fn run(store: &dyn Store) {
    reads_back_what_was_committed(store).await;
    lists_in_order_behind_a_key(store).await;
    applies_nothing_when_a_precondition_fails(store).await;
    lets_one_of_two_racing_batches_win(store).await;
    the_last_write_to_a_key_counts(store).await;
    takes_values_up_to_the_limit(store).await;
}

async fn reads_back_what_was_committed(store: &dyn Store) {
    assert_eq!(store.get(b"none").await.unwrap(), None);
    store
        .commit(
            Batch::new()
                .put("one", "1")
                .put("empty", "")
                .put(vec![0, 255], "binary"),
        )
        .await
        .unwrap();
    assert_eq!(store.get(b"one").await.unwrap(), Some(b"1".to_vec()));
    assert_eq!(store.get(b"empty").await.unwrap(), Some(Vec::new()));
    assert_eq!(
        store.get(&[0, 255]).await.unwrap(),
        Some(b"binary".to_vec())
    );
    store
        .commit(Batch::new().delete("one").delete("never there"))
        .await
        .unwrap();
    assert_eq!(store.get(b"one").await.unwrap(), None);
}

async fn lists_in_order_behind_a_key(store: &dyn Store) {
    let mut batch = Batch::new().put("lisu", "outside").put("lis", "outside");
    for number in [3, 1, 2, 5, 4] {
        batch = batch.put(format!("list/{number}"), vec![number]);
    }
    store.commit(batch).await.unwrap();
    let cases: [(Option<&str>, usize, &[u8]); 6] = [
        (None, 9, &[1, 2, 3, 4, 5]),
        (None, 2, &[1, 2]),
        (Some("list/2"), 2, &[3, 4]),
        (Some("list/2x"), 9, &[3, 4, 5]),
        (Some("list/5"), 9, &[]),
        (Some("a"), 1, &[1]),
    ];
    for (after, limit, expected) in cases {
        let pairs = store
            .list(b"list/", after.map(str::as_bytes), limit)
            .await
            .unwrap();
        let values: Vec<_> = pairs.into_iter().flat_map(|(_, value)| value).collect();
        assert_eq!(values, expected, "after {after:?}, limit {limit}");
    }
    assert_eq!(store.list(b"list/", None, 0).await.unwrap(), Vec::new());
}

async fn applies_nothing_when_a_precondition_fails(store: &dyn Store) {
    store
        .commit(Batch::new().require("cas", Expect::Absent).put("cas", "1"))
        .await
        .unwrap();
    let value = |value: &str| Expect::Value(value.as_bytes().to_vec());
    for (key, expect) in [
        ("cas", Expect::Absent),
        ("cas", value("2")),
        ("absent", value("")),
    ] {
        let batch = Batch::new()
            .put("side", "x")
            .require(key, expect.clone())
            .put("cas", "9");
        let refused = store.commit(batch).await;
        assert!(
            matches!(refused, Err(Error::Conflict { key: found }) if found == key.as_bytes()),
            "{expect:?}"
        );
    }
    assert_eq!(store.get(b"cas").await.unwrap(), Some(b"1".to_vec()));
    assert_eq!(store.get(b"side").await.unwrap(), None);
    store
        .commit(Batch::new().require("cas", value("1")).put("cas", "2"))
        .await
        .unwrap();
    assert_eq!(store.get(b"cas").await.unwrap(), Some(b"2".to_vec()));
}

async fn lets_one_of_two_racing_batches_win(store: &dyn Store) {
    let claim = |who: &str| {
        Batch::new()
            .require("race", Expect::Absent)
            .put("race", who)
    };
    let (first, second) = tokio::join!(store.commit(claim("a")), store.commit(claim("b")));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let winner = if first.is_ok() { "a" } else { "b" };
    assert_eq!(
        store.get(b"race").await.unwrap(),
        Some(winner.as_bytes().to_vec())
    );
}

async fn the_last_write_to_a_key_counts(store: &dyn Store) {
    store
        .commit(
            Batch::new()
                .put("last", "1")
                .delete("last")
                .put("last", "2"),
        )
        .await
        .unwrap();
    assert_eq!(store.get(b"last").await.unwrap(), Some(b"2".to_vec()));
}

async fn takes_values_up_to_the_limit(store: &dyn Store) {
    let largest = vec![7; VALUE_BYTES_AT_MOST];
    store
        .commit(Batch::new().put("large", largest.clone()))
        .await
        .unwrap();
    assert_eq!(store.get(b"large").await.unwrap(), Some(largest));
    let refused = store
        .commit(Batch::new().put("large", vec![7; VALUE_BYTES_AT_MOST + 1]))
        .await;
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
}
