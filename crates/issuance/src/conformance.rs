//! What every record does, whatever it is kept in.

#![expect(clippy::unwrap_used, reason = "the suite is for tests")]

use time::{Duration, OffsetDateTime};

use crate::IssuanceRecord;
use crate::issuance::{Issuance, Outcome, Stage};
use crate::query::{Order, Page, Query};

/// Runs the suite over an empty record.
pub async fn run(record: &dyn IssuanceRecord) {
    tells_each_issuance_once_in_its_last_state(record).await;
    finds_by_every_part_of_a_query(record).await;
    pages_hold_each_issuance_once_in_both_orders(record).await;
    takes_a_state_that_nobody_waits_for(record).await;
    pages_are_no_larger_than_a_message(record).await;
}

/// An issuance that is under way.
#[must_use]
pub fn issuance(number: i64) -> Issuance {
    let time = OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_700_000_000 + number);
    Issuance {
        id: format!("id-{number}"),
        time,
        request_id: Some(format!("{number:016x}")),
        trace_id: None,
        peer: Some("192.0.2.7".to_owned()),
        issuer: "https://issuer.example.com".to_owned(),
        subject: format!("user-{number}"),
        identity: format!("user-{number}@example.com"),
        rule: None,
        claims: [("run_id".to_owned(), number.to_string())].into(),
        token_id: None,
        token_sha256: "aa".repeat(32),
        key: format!("sha256:{}", "bb".repeat(32)),
        serial: format!("{number:040x}"),
        not_before: time,
        not_after: time + Duration::minutes(10),
        authority: "cc".repeat(32),
        tbs_sha256: "dd".repeat(32),
        precertificate_sha256: None,
        logged: None,
        certificate_sha256: None,
        stage: Stage::Precertificate,
        outcome: Outcome::Open,
        failure: None,
    }
}

/// The same at its end.
#[must_use]
pub fn ended(number: i64, outcome: Outcome) -> Issuance {
    Issuance {
        stage: Stage::Answer,
        outcome,
        ..issuance(number)
    }
}

async fn tells_each_issuance_once_in_its_last_state(record: &dyn IssuanceRecord) {
    let first = record.append(&issuance(1));
    first.await.unwrap();
    let page = record.page(&Query::default()).await.unwrap();
    assert_eq!(page.issuances, [issuance(1)]);
    let submitted = Issuance {
        stage: Stage::Log,
        ..issuance(1)
    };
    record.append(&submitted).await.unwrap();
    let page = record.page(&Query::default()).await.unwrap();
    assert_eq!(page.issuances, [submitted]);
    record.append(&ended(1, Outcome::Issued)).await.unwrap();
    let page = record.page(&Query::default()).await.unwrap();
    assert_eq!(page.issuances, [ended(1, Outcome::Issued)]);
    assert!(page.next.is_none());
}

async fn finds_by_every_part_of_a_query(record: &dyn IssuanceRecord) {
    record.append(&issuance(2)).await.unwrap();
    record.append(&ended(2, Outcome::Failed)).await.unwrap();
    let second = ended(2, Outcome::Failed);
    let both = Query::default();
    let queries = [
        (
            Query {
                since: Some(second.time),
                ..both.clone()
            },
            "since",
        ),
        (
            Query {
                identities: vec!["another".to_owned(), second.identity.clone()],
                ..both.clone()
            },
            "identity",
        ),
        (
            Query {
                serial: Some(second.serial.clone()),
                ..both.clone()
            },
            "serial",
        ),
        (
            Query {
                id: Some(second.id.clone()),
                ..both.clone()
            },
            "id",
        ),
        (
            Query {
                request_id: second.request_id.clone(),
                ..both.clone()
            },
            "request",
        ),
        (
            Query {
                outcome: Some(Outcome::Failed),
                ..both.clone()
            },
            "outcome",
        ),
    ];
    for (query, part) in queries {
        let page = record.page(&query).await.unwrap();
        assert_eq!(page.issuances, std::slice::from_ref(&second), "{part}");
    }
    let until = Query {
        until: Some(second.time),
        ..both.clone()
    };
    assert_eq!(record.page(&until).await.unwrap().issuances.len(), 1);
    for (issuer, count) in [
        (second.issuer.as_str(), 2),
        ("https://other.example.com", 0),
    ] {
        let query = Query {
            issuer: Some(issuer.to_owned()),
            ..both.clone()
        };
        assert_eq!(
            record.page(&query).await.unwrap().issuances.len(),
            count,
            "{issuer}"
        );
    }
}

async fn pages_hold_each_issuance_once_in_both_orders(record: &dyn IssuanceRecord) {
    for number in 3..8 {
        record.append(&issuance(number)).await.unwrap();
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
    }
    for (order, expected) in [
        (Order::OldestFirst, [1, 2, 3, 4, 5, 6, 7]),
        (Order::NewestFirst, [7, 6, 5, 4, 3, 2, 1]),
    ] {
        let mut query = Query {
            order,
            limit: Some(2),
            ..Query::default()
        };
        let mut found = Vec::new();
        loop {
            let Page { issuances, next } = record.page(&query).await.unwrap();
            assert!(issuances.len() <= 2);
            found.extend(issuances.into_iter().map(|issuance| issuance.id));
            let Some(next) = next else { break };
            query.after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(
            found,
            expected.map(|number| format!("id-{number}")),
            "{order:?}"
        );
    }
}

async fn takes_a_state_that_nobody_waits_for(record: &dyn IssuanceRecord) {
    record.note(&issuance(8));
    // Later states are behind it in the queue.
    record.append(&issuance(9)).await.unwrap();
    let query = Query {
        id: Some("id-8".to_owned()),
        ..Query::default()
    };
    assert_eq!(record.page(&query).await.unwrap().issuances, [issuance(8)]);
}

/// The bearer of a token has a say in how long an issuance is.
async fn pages_are_no_larger_than_a_message(record: &dyn IssuanceRecord) {
    let issuer = "https://long.example.com".to_owned();
    let long = |number, outcome| Issuance {
        issuer: issuer.clone(),
        failure: Some("x".repeat(100_000)),
        ..ended(number, outcome)
    };
    for number in 100..160 {
        let outcome = if number < 130 {
            Outcome::Failed
        } else {
            Outcome::Open
        };
        record.append(&long(number, outcome)).await.unwrap();
    }
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut query = Query {
            issuer: Some(issuer.clone()),
            order,
            ..Query::default()
        };
        let mut found = Vec::new();
        loop {
            let Page { issuances, next } = record.page(&query).await.unwrap();
            let bytes = issuances.iter().map(serde_json::to_vec);
            let bytes: usize = bytes.map(|json| json.unwrap().len()).sum();
            assert!(bytes < 3 << 20, "{bytes} bytes");
            found.extend(issuances.into_iter().map(|issuance| issuance.id));
            let Some(next) = next else { break };
            query.after = Some(next);
        }
        assert_eq!(found.len(), 60, "{order:?}");
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 60, "{order:?}");
    }
}
