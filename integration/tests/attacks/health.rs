//! Floods of health checks, which a service may answer by asking others.

use bytes::Bytes;
use http::Request;
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for stranger in [50, 51] {
        connections.spawn(connection(
            target,
            "ca",
            "dev.sigstore.fulcio.v2.CA",
            stranger,
        ));
        connections.spawn(connection(
            target,
            "tlog",
            "dev.sigstore.rekor.v2.Rekor",
            stranger,
        ));
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

async fn connection(target: &Target, service: &str, asked: &str, stranger: u8) {
    let Ok((sender, connection)) = target.connect_h2(service, stranger, 65_535).await else {
        return;
    };
    tokio::spawn(connection);
    // Field 1 of the request is the name.
    let message = [&[0x0a, asked.len() as u8], asked.as_bytes()].concat();
    let frame = [&[0], &(message.len() as u32).to_be_bytes()[..], &message].concat();
    let frame = Bytes::from(frame);
    let mut watches = Vec::new();
    for number in 0..CALLS {
        let method = if number % 10 == 0 { "Watch" } else { "Check" };
        let request = Request::post(format!("http://localhost/grpc.health.v1.Health/{method}"))
            .header("content-type", "application/grpc");
        let Ok(mut sender) = sender.clone().ready().await else {
            return;
        };
        let sent = sender.send_request(request.body(()).unwrap(), false);
        let Ok((answer, mut body)) = sent else {
            return;
        };
        if body.send_data(frame.clone(), true).is_err() {
            return;
        }
        let Ok(answer) = answer.await else {
            return;
        };
        if method == "Watch" {
            watches.push(answer);
        }
    }
}

const CALLS: usize = 400;
