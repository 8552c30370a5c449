//! The queue in front of the password hashes, when strangers fill it.

use crate::world::{self, World};

const ALICE: &str = "alice@example.com";

#[tokio::test]
async fn a_full_queue_forgives_no_wrong_guess() {
    let world = World::new().await;
    for _ in 0..4 {
        let page = world.browser().attempt(ALICE, "wrong password").await;
        assert_eq!(page.status, 403);
    }
    let flood = world.full_queue().await;
    assert_eq!(flood.len(), 64);
    let page = world.browser().attempt(ALICE, "wrong password").await;
    assert_eq!(
        (page.status, page.header("sigstead-code")),
        (503, "E-OIDC-031")
    );
    drop(flood);
    let page = world.browser().attempt(ALICE, "wrong password").await;
    assert_eq!(page.status, 403);
    let page = world.browser().attempt(ALICE, world::PASSWORD).await;
    assert_eq!(
        (page.status, page.header("sigstead-code")),
        (429, "E-OIDC-030")
    );
}

#[tokio::test]
async fn two_addresses_leave_room_for_the_sign_ins_of_others() {
    let world = World::new().await;
    let mut flood = world
        .wrong_passwords_in_flight_from([192, 0, 2, 1], 40)
        .await;
    flood.extend(
        world
            .wrong_passwords_in_flight_from([192, 0, 2, 2], 40)
            .await,
    );
    assert_eq!(flood.len(), 32);
    let other = world.wrong_passwords_in_flight_from([192, 0, 2, 9], 1);
    assert_eq!(other.await.len(), 1);
}

#[tokio::test]
async fn an_administrator_sets_a_password_while_the_queue_is_full() {
    let world = World::new().await;
    let flood = world.full_queue().await;
    assert_eq!(flood.len(), 64);
    let new = sigstead_oidc::Password::new("a new password".to_owned());
    let alice = sigstead_oidc::EmailAddress::parse(ALICE).unwrap();
    let mut set = Box::pin(world.issuer.set_password(alice, new));
    assert!(futures::poll!(&mut set).is_pending(), "it was refused");
    drop(flood);
    assert!(set.await.is_ok());
}
