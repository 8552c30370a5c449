//! What a service says of whether it can work.

use super::*;

#[tokio::test]
async fn readiness_gives_its_reasons_and_health_does_not_depend_on_it() {
    let running = Running::start(
        service()
            .readiness("keys", || async { Ok(()) })
            .readiness("ct-log", || async {
                Err("the log does not answer".to_owned())
            })
            .task("sequencer", |_stop| async {}),
    )
    .await;
    // The task ends at once, and is noticed as soon as the runtime comes to it.
    let mut ready = get(format!("{}/readyz", running.ops)).await;
    while !ready.1.contains("sequencer") {
        tokio::task::yield_now().await;
        ready = get(format!("{}/readyz", running.ops)).await;
    }
    assert_eq!(ready.0, 503);
    assert!(
        ready
            .1
            .contains(r#"{"check":"ct-log","reason":"the log does not answer"}"#)
    );
    assert!(!ready.1.contains("keys"));
    let health = get(format!("{}/healthz", running.ops)).await;
    assert_eq!(health, (200, r#"{"status":"SERVING"}"#.to_owned()));
    running.stop().await;
}

#[tokio::test]
async fn a_service_without_complaints_is_ready_and_says_which_process_it_is() {
    let running = Running::start(service().readiness("keys", || async { Ok(()) })).await;
    let (status, ready) = get(format!("{}/readyz", running.ops)).await;
    assert_eq!(status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["reasons"], serde_json::json!([]));
    assert_eq!(ready["warnings"], serde_json::json!([]));
    let process = &ready["process"];
    assert_eq!(process["service"], "test");
    assert_eq!(process["pid"], std::process::id());
    let folder = std::env::current_dir().unwrap();
    assert_eq!(process["folder"], folder.to_str().unwrap());
    assert_eq!(process["folder_id"], crate::folder_id(&folder).unwrap());
    running.stop().await;
}

#[tokio::test]
async fn a_warning_is_told_and_leaves_the_service_ready() {
    let running = Running::start(
        service()
            .warning("root", || Some("the root expires tomorrow".to_owned()))
            .warning("targets", || None),
    )
    .await;
    let (status, ready) = get(format!("{}/readyz", running.ops)).await;
    assert_eq!(status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let told = serde_json::json!([{"check": "root", "reason": "the root expires tomorrow"}]);
    assert_eq!(ready["warnings"], told);
    running.stop().await;
}
