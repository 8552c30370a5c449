use std::fs;
use std::path::PathBuf;

use futures::FutureExt;

use super::*;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// A token that ends at a time, used by an issuance of its own.
fn token(number: u8, until: i64) -> TokenUse {
    TokenUse {
        digest: [number; 32],
        until: at(until),
        issuer: "https://issuer.example.com".to_owned(),
        by: format!("issuance-{number}"),
    }
}

async fn take(used: &UsedTokens, number: u8) -> Result<bool, UseError> {
    used.take(&token(number, 100), at(0)).await
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(FILE)
    }

    fn open(&self) -> UsedTokens {
        UsedTokens::open(self.0.path()).unwrap()
    }
}

/// Asks for a token until the writer has found out by itself that it can write again.
async fn take_at_last(used: &UsedTokens, number: u8) -> bool {
    loop {
        match take(used, number).await {
            Ok(taken) => return taken,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_token_is_used_once_also_after_a_restart() {
    let folder = Folder::new();
    let used = folder.open();
    assert!(take(&used, 1).await.unwrap());
    assert!(!take(&used, 1).await.unwrap());
    assert!(take(&used, 2).await.unwrap());
    drop(used);
    let again = folder.open();
    assert!(!take(&again, 1).await.unwrap());
    assert!(take(&again, 3).await.unwrap());
}

/// The files are copied while the process runs: what was answered is in them.
#[tokio::test]
async fn a_process_that_is_killed_after_its_answer_has_used_the_token_up() {
    let (killed, after) = (Folder::new(), Folder::new());
    let used = killed.open();
    assert!(take(&used, 1).await.unwrap());
    fs::copy(killed.file(), after.file()).unwrap();
    let restarted = after.open();
    assert!(!take(&restarted, 1).await.unwrap());
    assert!(take(&restarted, 2).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_users_at_once_one_is_the_first() {
    let folder = Folder::new();
    let used = Arc::new(folder.open());
    let users = (0..32).map(|user| {
        let used = used.clone();
        let token = TokenUse {
            by: format!("issuance-{user}"),
            ..token(7, 100)
        };
        tokio::spawn(async move { used.take(&token, at(0)).await.unwrap() })
    });
    let mut first = 0;
    for user in users.collect::<Vec<_>>() {
        first += usize::from(user.await.unwrap());
    }
    assert_eq!(first, 1);
}

#[tokio::test]
async fn only_the_issuance_that_uses_a_token_gives_it_back() {
    let used = UsedTokens::in_memory().unwrap();
    let other = TokenUse {
        by: "another".to_owned(),
        ..token(1, 100)
    };
    assert!(take(&used, 1).await.unwrap());
    assert!(!used.take(&other, at(0)).await.unwrap());
    used.give_back(&other);
    assert!(!take(&used, 1).await.unwrap(), "it was not the user");
    used.give_back(&token(1, 100));
    assert!(used.take(&other, at(0)).await.unwrap());
    used.give_back(&token(1, 100));
    assert!(!take(&used, 1).await.unwrap(), "another uses it now");
}

#[tokio::test]
async fn a_take_that_nobody_waited_for_is_given_back_too() {
    let used = UsedTokens::in_memory().unwrap();
    {
        let left = token(1, 100);
        // Polled once: it is in the queue, or answered already.
        drop(used.take(&left, at(0)).now_or_never());
    }
    used.give_back(&token(1, 100));
    assert!(take(&used, 1).await.unwrap());
}

/// A request was judged before the token's end, and asks after one that was judged long after it.
#[tokio::test]
async fn a_token_is_known_for_longer_than_anybody_accepts_it() {
    let used = UsedTokens::in_memory().unwrap();
    for number in 0..6 {
        assert!(take(&used, number).await.unwrap());
    }
    let full = used.take(&token(20, 900), at(404)).await;
    assert!(matches!(full, Err(UseError::NoRoom)), "{full:?}");
    let replayed = used.take(&token(1, 100), at(99)).await.unwrap();
    assert!(!replayed, "judged at 99, asked after a request of 404");
    assert!(used.take(&token(20, 900), at(405)).await.unwrap());
    assert!(used.take(&token(1, 100), at(405)).await.unwrap());
}

#[tokio::test]
async fn an_issuer_uses_up_its_own_room() {
    let used = UsedTokens::in_memory().unwrap();
    for number in 0..6 {
        assert!(take(&used, number).await.unwrap());
    }
    assert!(matches!(take(&used, 6).await, Err(UseError::NoRoom)));
    let of = |issuer: &str, number| TokenUse {
        issuer: issuer.to_owned(),
        ..token(number, 100)
    };
    for number in 10..12 {
        assert!(used.take(&of("second", number), at(0)).await.unwrap());
    }
    let all = used.take(&of("third", 30), at(0)).await;
    assert!(matches!(all, Err(UseError::NoRoom)), "there are eight");
    used.give_back(&token(3, 100));
    assert!(take(&used, 6).await.unwrap());
}

#[tokio::test]
async fn the_file_is_written_again_without_what_ended() {
    let folder = Folder::new();
    let used = folder.open();
    let round = |round: u8| (round * 6)..(round * 6 + 6);
    let until = |round: u8| i64::from(round) * 1000 + 100;
    let now = |round: u8| at(i64::from(round) * 1000);
    for each in 0..2 {
        for number in round(each) {
            let token = token(number, until(each));
            assert!(used.take(&token, now(each)).await.unwrap());
        }
    }
    let long = fs::metadata(folder.file()).unwrap().len();
    for number in round(2) {
        let token = token(number, until(2));
        assert!(used.take(&token, now(2)).await.unwrap());
    }
    assert!(fs::metadata(folder.file()).unwrap().len() < long);
    drop(used);
    let again = folder.open();
    for number in round(2) {
        let token = token(number, until(2));
        assert!(!again.take(&token, now(2)).await.unwrap());
    }
    assert!(again.take(&token(0, 9000), now(2)).await.is_err());
}

#[tokio::test]
async fn a_damaged_file_stops_nobody_from_opening_and_is_told_of_until_it_is_gone() {
    let folder = Folder::new();
    let used = folder.open();
    take(&used, 1).await.unwrap();
    take(&used, 2).await.unwrap();
    drop(used);
    let mut bytes = fs::read(folder.file()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.file(), bytes).unwrap();
    let used = folder.open();
    let told = used.check().unwrap_err().to_string();
    assert!(
        told.contains("the file of used tokens is damaged"),
        "{told}"
    );
    let refused = take(&used, 3).await;
    assert!(matches!(refused, Err(UseError::Damaged { .. })));
    sigstead_durable::rename(&folder.file(), &folder.0.path().join("copy")).unwrap();
    assert!(take_at_last(&used, 3).await);
    assert!(used.check().is_ok());
    drop(used);
    assert!(!take(&folder.open(), 3).await.unwrap());
}

/// A directory has the name that the file is to be written again under.
#[tokio::test]
async fn what_could_not_be_written_is_in_no_use_and_what_was_stays_in_it() {
    let folder = Folder::new();
    let used = folder.open();
    for number in 0..3 {
        for _ in 0..4 {
            assert!(take(&used, number).await.unwrap());
            used.give_back(&token(number, 100));
        }
        assert!(take(&used, number).await.unwrap());
    }
    // Three are in use, and the file has fifteen records. The one after the next is too many.
    assert!(take(&used, 3).await.unwrap());
    let beside = folder.file().with_extension("new");
    fs::create_dir_all(beside.join("in-the-way")).unwrap();
    let refused = take(&used, 9).await;
    assert!(
        matches!(refused, Err(UseError::NotWritten { .. })),
        "{refused:?}"
    );
    assert!(matches!(used.check(), Err(UseError::NotWritten { .. })));
    fs::remove_dir_all(beside).unwrap();
    assert!(take_at_last(&used, 9).await, "the same token again");
    assert!(!take(&used, 0).await.unwrap());
    drop(used);
    let again = folder.open();
    assert!(!take(&again, 0).await.unwrap());
    assert!(!take(&again, 9).await.unwrap());
}
