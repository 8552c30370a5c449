//! What keeps the service from starting.

use sigstead_key::Algorithm;

use crate::authorities::Authorities;
use crate::world::{self, TestCtLog};

#[tokio::test]
async fn does_not_start_on_what_it_could_not_serve() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let authorities = Authorities::new().await;
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, sigstead_ctlog::Error::RootsRead { .. }),
        "{error:?}"
    );

    world::prepare(path, &authorities);
    std::fs::write(path.join("roots.pem"), "").unwrap();
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    let is_refused = matches!(
        error,
        sigstead_ctlog::Error::NoRoots { .. } | sigstead_ctlog::Error::RootsMalformed { .. }
    );
    assert!(is_refused, "{error:?}");

    world::prepare(path, &authorities);
    world::write_key(path, Algorithm::Ed25519);
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, sigstead_ctlog::Error::KeyUnsupported),
        "{error:?}"
    );

    std::fs::remove_file(path.join("ctlog.key")).unwrap();
    let error = sigstead_ctlog::build(world::config(path))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, sigstead_ctlog::Error::Key(_)), "{error:?}");
    assert!(!path.join("data").exists());
}

#[tokio::test]
async fn does_not_start_with_another_key_than_the_log_was_begun_with() {
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let TestCtLog {
        folder,
        router,
        clock,
        authorities,
    } = log;
    drop(router);
    world::prepare(folder.path(), &authorities);
    let config = world::config(folder.path());
    let error = world::build(config, &clock).await.err().unwrap();
    let sigstead_ctlog::Error::Log(sigstead_sequencer::Error::WrongKey { .. }) = error else {
        panic!("{error:?}");
    };
}
