use sigstead_store::MemoryStore;

use super::*;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn user_code(expires: i64) -> UserCode {
    UserCode {
        device: [1; 32],
        expires: at(expires),
    }
}

#[tokio::test]
async fn of_two_steps_from_one_state_one_wins() {
    let storage = SessionStorage::new(Arc::new(MemoryStore::new()));
    let created = Step::default().create(b"A", &user_code(100)).unwrap();
    assert_eq!(storage.apply(created).await.unwrap(), Outcome::Done);
    let first = storage.load::<UserCode>(b"A").await.unwrap().unwrap();
    let second = storage.load::<UserCode>(b"A").await.unwrap().unwrap();
    let step = Step::default().replace(&first, &user_code(101)).unwrap();
    assert_eq!(storage.apply(step).await.unwrap(), Outcome::Done);
    let step = Step::default().replace(&second, &user_code(102)).unwrap();
    assert_eq!(storage.apply(step).await.unwrap(), Outcome::Overtaken);
    let kept = storage.load::<UserCode>(b"A").await.unwrap().unwrap();
    assert_eq!(kept.record.expires, at(101));
}

#[tokio::test]
async fn an_id_is_given_once() {
    let storage = SessionStorage::new(Arc::new(MemoryStore::new()));
    for expected in [Outcome::Done, Outcome::Overtaken] {
        let step = Step::default().create(b"A", &user_code(100)).unwrap();
        assert_eq!(storage.apply(step).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn the_sweep_frees_what_has_expired_and_nothing_else() {
    let storage = SessionStorage::new(Arc::new(MemoryStore::new()));
    for (id, expires) in [(b"A", 100), (b"B", 200), (b"C", 300)] {
        let step = Step::default().create(id, &user_code(expires)).unwrap();
        storage.apply(step).await.unwrap();
    }
    assert_eq!(storage.sweep(at(200)).await.unwrap(), 0);
    assert_eq!(storage.sweep(at(201) + REMEMBERED).await.unwrap(), 2);
    assert!(storage.load::<UserCode>(b"B").await.unwrap().is_none());
    assert!(storage.load::<UserCode>(b"C").await.unwrap().is_some());
    assert_eq!(storage.sweep(at(201) + REMEMBERED).await.unwrap(), 0);
}

#[tokio::test]
async fn the_form_key_is_made_once() {
    let store = Arc::new(MemoryStore::new());
    let first = SessionStorage::new(store.clone()).form_key().await.unwrap();
    assert_eq!(SessionStorage::new(store).form_key().await.unwrap(), first);
}
