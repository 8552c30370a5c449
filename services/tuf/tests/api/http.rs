//! The files as clients ask for them.

use ::http::StatusCode;
use sigstead_trust_root::tuf::target_path;

use crate::world::{World, documents};

#[tokio::test]
async fn what_is_not_a_file_of_the_repository_is_not_found() {
    let world = World::new().await;
    let face = world.start().await;
    world.write("half.json.new", b"not whole");
    world.write("targets/half.new", b"not whole");
    for path in [
        "/2.root.json",
        "/0.root.json",
        "/2.snapshot.json",
        "/1.timestamp.json",
        "/targets.json",
        "/targets",
        "/targets/trusted_root.json",
        "/targets/..%2f..%2fpassphrase",
        "/..%2fpassphrase",
        "/../passphrase",
        "/%2e%2e/passphrase",
        "/..",
        "/.",
        "/half.json.new",
        "/targets/half.new",
        "/1.root.json%00",
        "/targets/..%5cpassphrase",
        "/unknown/deep/path",
        &format!("/{}.json", "1".repeat(300)),
        &format!("/targets/{}", "a".repeat(4000)),
    ] {
        let answer = face.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text().contains("not whole"), "{path}");
    }
}

#[tokio::test]
async fn numbered_files_are_kept_by_caches_and_the_others_are_asked_for_again() {
    const FOREVER: &str = "public, max-age=31536000, immutable";
    let world = World::new().await;
    let face = world.start().await;
    let text = documents("first").pop().unwrap();
    let text = format!("/{}", target_path(&text.name, &text.bytes));
    let json = "application/json";
    for (path, caching, content_type) in [
        ("/timestamp.json", "no-cache", json),
        ("/1.root.json", FOREVER, json),
        ("/1.targets.json", FOREVER, json),
        ("/1.snapshot.json", FOREVER, json),
        (text.as_str(), FOREVER, "application/octet-stream"),
    ] {
        let answer = face.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), caching, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
    }
    let missing = face.get("/2.root.json").await;
    assert!(!missing.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn the_root_without_a_number_is_the_newest_and_is_asked_for_again() {
    let world = World::new().await;
    world.put_root(2, &[&world.root_key]).await;
    let face = world.start().await;
    let alias = face.get("/root.json").await;
    assert_eq!(alias.body, face.file("/2.root.json").await);
    assert_ne!(alias.body, face.file("/1.root.json").await);
    assert_eq!(alias.header("cache-control"), "no-cache");
}
