//! Keys that follow one another.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sigstead_config::oidc::{Successor, SuccessorsFile};
use sigstead_config::successors::OVERLAP;
use sigstead_key::Algorithm;
use time::{Duration, OffsetDateTime};

use crate::world::{World, key_config};

/// A world whose file of successors is not there yet.
async fn world() -> World {
    World::with(|config| {
        config.successors_file = Some(config.users.with_file_name("successors.yaml"));
    })
    .await
}

fn list(folder: &Path, successors: &[(&str, OffsetDateTime)]) {
    let successors = successors.iter().map(|(name, from)| Successor {
        from: *from,
        key: key_config(&folder.join(name)),
    });
    let file = SuccessorsFile {
        successors: successors.collect(),
    };
    let text = sigstead_config::to_yaml(&file).unwrap();
    fs::write(folder.join("successors.yaml"), text).unwrap();
}

/// The names of the keys that are published, the one that signs first.
async fn published(world: &World) -> Vec<String> {
    let set = world.get("/keys").await.json();
    let keys = set["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// A token, and the name of its key. It verifies under a key that is published.
async fn token(world: &World) -> (Value, String) {
    let token = world.redeem(&world.code().await, &[]).await.json()["id_token"].clone();
    let (signed_by, _) = world.verify_with_key(&token).await;
    (token, signed_by)
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_until_its_last_token_has_ended() {
    let world = world().await;
    world.write_key("oidc-2.key", Algorithm::RsaPkcs1v15_2048Sha256);
    let from = world.now() + Duration::HOUR;
    let first = published(&world).await.remove(0);
    list(world.folder(), &[("oidc-2.key", from)]);
    assert_eq!(published(&world).await, [first.as_str()], "not read yet");
    world.issuer.open_keys_again().await.unwrap();
    let both = published(&world).await;
    let second = both[1].clone();
    assert_eq!(both, [first.as_str(), &second], "announced");
    world.advance(3_599);
    let (last, signed_by) = token(&world).await;
    assert_eq!(signed_by, first);
    world.advance(1);
    assert_eq!(token(&world).await.1, second);
    assert_eq!(published(&world).await, [second.as_str(), &first]);
    // The last token of the key that is over is valid for five minutes, by a clock that may be behind.
    world.advance(300);
    assert_eq!(world.verify_with_key(&last).await.0, first);
    world.advance(OVERLAP.whole_seconds().unsigned_abs());
    assert_eq!(published(&world).await, [second.as_str()]);
}

#[tokio::test]
async fn a_restart_opens_the_keys_that_are_published_and_no_others() {
    let world = world().await;
    for name in ["oidc-2.key", "oidc-3.key"] {
        world.write_key(name, Algorithm::RsaPkcs1v15_2048Sha256);
    }
    let (over, coming) = (world.now() - Duration::HOUR, world.now() + Duration::HOUR);
    let listed = [("oidc-2.key", over), ("oidc-3.key", coming)];
    list(world.folder(), &listed);
    fs::remove_file(world.folder().join("oidc.key")).unwrap();
    let world = world.restart().await;
    let keys = published(&world).await;
    assert_eq!(keys.len(), 2);
    assert_eq!(token(&world).await.1, keys[0]);
    world.advance(3_600);
    assert_eq!(token(&world).await.1, keys[1]);
}

#[tokio::test]
async fn what_cannot_be_a_successor_leaves_the_keys_that_are_open() {
    let world = world().await;
    let folder = world.folder();
    let first = published(&world).await;
    world.write_key("elliptic.key", Algorithm::EcdsaP256Sha256);
    world.write_key("open.key", Algorithm::RsaPkcs1v15_2048Sha256);
    world.write_key("oidc-2.key", Algorithm::RsaPkcs1v15_2048Sha256);
    world.make_readable_by_all("open.key");
    let soon = world.now() + Duration::HOUR;
    for (why, listed) in [
        ("No such file", vec![("missing.key", soon)]),
        ("not an RSA key", vec![("elliptic.key", soon)]),
        ("is the key of before", vec![("oidc.key", soon)]),
        ("everybody can read it", vec![("open.key", soon)]),
        (
            "does not begin after",
            vec![("oidc-2.key", soon), ("oidc-2.key", soon)],
        ),
    ] {
        list(folder, &listed);
        let refused = world.issuer.open_keys_again().await.unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
        assert_eq!(published(&world).await, first, "{why}");
    }
    fs::write(folder.join("successors.yaml"), "successors: 1\n").unwrap();
    assert!(world.issuer.open_keys_again().await.is_err());
    fs::remove_file(folder.join("successors.yaml")).unwrap();
    world.issuer.open_keys_again().await.unwrap();
    assert_eq!(token(&world).await.1, first[0]);
}
