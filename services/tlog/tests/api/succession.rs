//! A log of Rekor v2 ends, and another one takes what comes under the same name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use sigstead_proto::admin::v1::FreezeLogRequest;

use crate::world::{ORIGIN, OTHER_ORIGIN, TestTlog, config, make_log, post, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_ends_without_a_failed_request_under_a_name_that_means_its_successor_then() {
    let folder = tempfile::tempdir().unwrap();
    for origin in [ORIGIN, OTHER_ORIGIN] {
        make_log(folder.path(), origin);
    }
    let logs = config(folder.path(), &[ORIGIN, OTHER_ORIGIN]).logs;
    let (tlog, mut admin) = TestTlog::of(folder, logs).await;
    let tlog = Arc::new(tlog);
    let is_over = Arc::new(AtomicBool::new(false));
    let clients = (0..8).map(|client| {
        let (tlog, is_over) = (Arc::clone(&tlog), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for number in 0_u32.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let request = request(format!("{client} {number}").as_bytes()).await;
                answers.push(tlog.post(request.to_string()).await);
            }
            answers
        })
    });
    let clients: Vec<_> = clients.collect();
    let first = request(b"before").await;
    tlog.verify_entry(ORIGIN, &tlog.post(first.to_string()).await.json());
    let freeze = FreezeLogRequest {
        origin: ORIGIN.to_owned(),
    };
    assert!(admin.freeze_log(freeze).await.unwrap().into_inner().frozen);
    let last = request(b"after").await;
    tlog.verify_entry(OTHER_ORIGIN, &tlog.post(last.to_string()).await.json());
    is_over.store(true, Ordering::Relaxed);
    let mut logs = std::collections::BTreeSet::new();
    for client in clients {
        for answer in client.await.unwrap() {
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
            logs.insert(answer.json()["logId"]["keyId"].to_string());
        }
    }
    assert!(!logs.is_empty() && logs.len() <= 2, "{logs:?}");
    // Under its own name it is the one that ended.
    let refused = tlog.send(post(ORIGIN, last.to_string())).await;
    assert_eq!(refused.header("sigstead-code"), "E-TLOG-017");
}
