//! Keys that follow one another.

use std::fs;

use sigstead_config::tsa::{Successor, SuccessorsFile};
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_tsp::{TimeStampReq, TimestampToken};
use sigstead_x509::Certificate;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::world::{TestTsa, key_config, now, prepare, prepare_named};

const MESSAGE: &[u8] = b"a signature";

/// Lists successors in the file of a folder. Each has a number by which its files are named.
fn list(folder: &TempDir, successors: &[(u32, OffsetDateTime)]) {
    let successors = successors.iter().map(|(number, from)| Successor {
        from: *from,
        key: key_config(folder.path(), &format!("tsa-{number}.key")),
        chain: folder.path().join(format!("chain-{number}.pem")),
    });
    let file = SuccessorsFile {
        successors: successors.collect(),
    };
    let text = sigstead_config::to_yaml(&file).unwrap();
    fs::write(folder.path().join("successors.yaml"), text).unwrap();
}

async fn prepare_successor(folder: &TempDir, number: u32) -> Vec<Certificate> {
    let (key, chain) = (format!("tsa-{number}.key"), format!("chain-{number}.pem"));
    prepare_named(folder.path(), Algorithm::EcdsaP384Sha384, &key, &chain).await
}

/// When a message was stamped, and the position among `chains` of the one that it was stamped with.
async fn stamp(tsa: &TestTsa, chains: &[&Vec<Certificate>]) -> (OffsetDateTime, usize) {
    let digest = HashAlgorithm::Sha256.digest(MESSAGE);
    let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest).unwrap();
    let request = request.to_der().unwrap();
    let response = tsa.stamp("application/timestamp-query", request).await;
    let token = TimestampToken::from_response(&response).unwrap();
    let verified = chains.iter().enumerate();
    let mut verified =
        verified.filter_map(|(at, chain)| Some((token.verify(MESSAGE, chain).ok()?, at)));
    let only = verified.next().unwrap();
    assert_eq!(verified.next(), None, "a token is of one key");
    only
}

#[tokio::test]
async fn a_key_that_is_announced_takes_over_in_its_second_and_not_before() {
    let tsa = TestTsa::new().await;
    let second = prepare_successor(&tsa.folder, 2).await;
    let from = OffsetDateTime::from_unix_timestamp(1_700_000_060).unwrap();
    list(&tsa.folder, &[(2, from)]);
    let chains = [&tsa.chain, &second];
    assert_eq!(stamp(&tsa, &chains).await.1, 0);
    tsa.authority.open_again().await.unwrap();
    tsa.clock.set(from - Duration::milliseconds(1));
    assert_eq!(stamp(&tsa, &chains).await, (from - Duration::SECOND, 0));
    assert_eq!(tsa.authority.chain_pem(), pem(&tsa.chain));
    tsa.clock.set(from);
    assert_eq!(stamp(&tsa, &chains).await, (from, 1));
    assert_eq!(tsa.authority.chain_pem(), pem(&second));
    // A clock that is set back finds the key of that time.
    tsa.clock.set(from - Duration::SECOND);
    assert_eq!(stamp(&tsa, &chains).await.1, 0);
}

#[tokio::test]
async fn a_restart_opens_the_key_of_the_time_and_not_those_that_are_long_over() {
    let folder = tempfile::tempdir().unwrap();
    let first = prepare(folder.path(), Algorithm::EcdsaP256Sha256).await;
    let second = prepare_successor(&folder, 2).await;
    let third = prepare_successor(&folder, 3).await;
    let (over, coming) = (now() - Duration::HOUR, now() + Duration::HOUR);
    list(&folder, &[(2, over), (3, coming)]);
    fs::remove_file(folder.path().join("tsa.key")).unwrap();
    let tsa = TestTsa::start(folder, first.clone(), now()).await;
    let chains = [&first, &second, &third];
    assert_eq!(stamp(&tsa, &chains).await.1, 1);
    tsa.clock.set(coming);
    assert_eq!(stamp(&tsa, &chains).await.1, 2);
}

#[tokio::test]
async fn a_restart_just_after_a_change_still_has_the_key_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let first = prepare(folder.path(), Algorithm::EcdsaP256Sha256).await;
    let second = prepare_successor(&folder, 2).await;
    let from = now() - Duration::MINUTE;
    list(&folder, &[(2, from)]);
    let tsa = TestTsa::start(folder, first.clone(), now()).await;
    let chains = [&first, &second];
    assert_eq!(stamp(&tsa, &chains).await.1, 1);
    tsa.clock.set(from - Duration::SECOND);
    assert_eq!(stamp(&tsa, &chains).await.1, 0);
}

#[tokio::test]
async fn what_cannot_be_a_successor_leaves_the_keys_that_are_open() {
    let tsa = TestTsa::new().await;
    let soon = now() + Duration::HOUR;
    let path = tsa.folder.path().join("successors.yaml");
    prepare_successor(&tsa.folder, 2).await;
    // Its chain ends after thirty days.
    let too_late = now() + Duration::days(60);
    let third = prepare_successor(&tsa.folder, 3).await;
    fs::write(tsa.folder.path().join("chain-4.pem"), pem(&third)).unwrap();
    fs::copy(
        tsa.folder.path().join("tsa-2.key"),
        tsa.folder.path().join("tsa-4.key"),
    )
    .unwrap();
    for (name, listed) in [
        ("no such key", vec![(9, soon)]),
        ("the chain of another key", vec![(4, soon)]),
        ("a chain that is over then", vec![(2, too_late)]),
        ("two at once", vec![(2, soon), (3, soon)]),
    ] {
        list(&tsa.folder, &listed);
        assert!(tsa.authority.open_again().await.is_err(), "{name}");
        tsa.clock.set(soon);
        assert_eq!(stamp(&tsa, &[&tsa.chain]).await.1, 0, "{name}");
        tsa.clock.set(now());
    }
    fs::write(&path, "successors: 1\n").unwrap();
    assert!(tsa.authority.open_again().await.is_err());
    fs::remove_file(&path).unwrap();
    tsa.authority.open_again().await.unwrap();
}

fn pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}
