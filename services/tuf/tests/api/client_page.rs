//! The page for clients: shown while it is of what clients find, and with nothing beside it.

use ::http::StatusCode;
use sigstead_trust_root::{ClientPage, Target};

use crate::world::{Face, World, documents};

/// The page of `targets` and of the root of that version, as `sigctl` writes it.
fn put_page(world: &World, root: u64, targets: &[Target]) {
    let root = std::fs::read(world.repository().join(format!("{root}.root.json"))).unwrap();
    let files: [(&str, &[u8]); 4] = [
        ("index.html", b"<p>the page"),
        ("page.css", b"p {}"),
        ("client-kit.tar.gz", b"the kit"),
        ("client-kit.tar.gz.sha256", b"its digest"),
    ];
    for (name, bytes) in files {
        world.write(&format!("client/{name}"), bytes);
    }
    let page = ClientPage::new(&root, targets, files);
    world.write("client/page.json", &page.encode());
}

async fn refused(face: &Face, path: &str, status: StatusCode, code: &str) {
    let answer = face.get(path).await;
    assert_eq!(answer.status, status, "{path}");
    assert_eq!(answer.header("sigstead-code"), code, "{path}");
    assert!(!answer.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn the_page_and_its_files_are_shown_with_what_keeps_strangers_out() {
    let world = World::new().await;
    put_page(&world, 1, &documents("first"));
    let face = world.start().await;
    for (path, body, content_type) in [
        ("/", "<p>the page", "text/html; charset=utf-8"),
        (
            "/client/index.html",
            "<p>the page",
            "text/html; charset=utf-8",
        ),
        ("/client/page.css", "p {}", "text/css; charset=utf-8"),
        ("/client/client-kit.tar.gz", "the kit", "application/gzip"),
        (
            "/client/client-kit.tar.gz.sha256",
            "its digest",
            "text/plain; charset=utf-8",
        ),
    ] {
        let answer = face.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.text(), body);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("cache-control"), "no-cache");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    world.write("client/notes.txt", b"not of the page");
    for path in [
        "/client",
        "/client/",
        "/client/notes.txt",
        "/client/page.json",
        "/client/..%2f1.root.json",
        "/client/%2e%2e",
        "/client/deeper/index.html",
        "/index.html",
    ] {
        assert_eq!(face.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let head = face.head("/").await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.header("content-type"), "text/html; charset=utf-8");
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn a_page_of_another_publication_is_not_shown() {
    let world = World::new().await;
    let face = world.start().await;
    refused(&face, "/", StatusCode::NOT_FOUND, "E-TUF-010").await;
    let outdated = StatusCode::SERVICE_UNAVAILABLE;

    put_page(&world, 1, &documents("another"));
    refused(&face, "/", outdated, "E-TUF-011").await;
    put_page(&world, 1, &documents("first"));
    assert_eq!(face.get("/").await.status, StatusCode::OK);

    // Targets that say the same are no reason to write it again; others are.
    world.put_targets(2, &documents("first")).await;
    let face = world.start().await;
    assert_eq!(face.get("/").await.status, StatusCode::OK);
    world.put_targets(3, &documents("second")).await;
    assert_eq!(face.get("/").await.status, StatusCode::OK);
    let face = world.start().await;
    refused(&face, "/client/client-kit.tar.gz", outdated, "E-TUF-011").await;
    put_page(&world, 1, &documents("second"));
    assert_eq!(face.get("/").await.status, StatusCode::OK);

    world.put_root(2, &[&world.root_key]).await;
    let face = world.start().await;
    refused(&face, "/", outdated, "E-TUF-011").await;
    put_page(&world, 2, &documents("second"));
    assert_eq!(face.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn half_a_page_is_not_shown() {
    let world = World::new().await;
    put_page(&world, 1, &documents("first"));
    let face = world.start().await;
    world.write("client/index.html", b"the next page");
    refused(&face, "/", StatusCode::SERVICE_UNAVAILABLE, "E-TUF-011").await;
    assert_eq!(face.get("/client/page.css").await.status, StatusCode::OK);
    world.remove("client/page.css");
    let path = "/client/page.css";
    refused(&face, path, StatusCode::SERVICE_UNAVAILABLE, "E-TUF-011").await;
    world.write("client/page.json", b"{}");
    refused(&face, "/", StatusCode::INTERNAL_SERVER_ERROR, "E-TUF-012").await;
}
