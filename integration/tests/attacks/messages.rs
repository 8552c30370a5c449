//! gRPC messages that are announced and never finished, on many streams of few connections.

use bytes::Bytes;
use h2::SendStream;
use http::Request;
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for (service, path) in [
        ("ca", "/dev.sigstore.fulcio.v2.CA/CreateSigningCertificate"),
        ("tlog", "/dev.sigstore.rekor.v2.Rekor/CreateEntry"),
        ("ctlog", "/sigstead.ct.v1.CtLog/AddPreChain"),
        ("tsa", "/sigstead.timestamp.v1.TimestampAuthority/Stamp"),
        ("tuf", "/sigstead.trustroot.v1.TrustRoot/GetMetadata"),
        ("oidc", "/grpc.health.v1.Health/Check"),
        (
            "tsa",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        ),
    ] {
        for stranger in [2, 3] {
            connections.spawn(connection(target, service, path, stranger));
        }
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// It ends when each of its streams was answered or reset.
async fn connection(target: &Target, service: &str, path: &'static str, stranger: u8) {
    let Ok((mut sender, connection)) = target.connect_h2(service, stranger, 65_535).await else {
        return;
    };
    tokio::spawn(connection);
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let request = Request::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let Ok((answer, body)) = sender.send_request(request.body(()).unwrap(), false) else {
            return;
        };
        streams.spawn(async move {
            tokio::select! {
                _ = answer => {}
                () = unfinished(body) => {}
            }
        });
        let Ok(ready) = sender.clone().ready().await else {
            return;
        };
        sender = ready;
    }
    while streams.join_next().await.is_some() {}
}

/// Sends all of a message but its last byte, as fast as it is taken, and holds the stream until it is reset.
async fn unfinished(mut body: SendStream<Bytes>) {
    let head = [&[0], &MESSAGE.to_be_bytes()[..]].concat();
    if body.send_data(Bytes::from(head), false).is_err() {
        return;
    }
    let mut left = MESSAGE as usize - 1;
    while left > 0 {
        body.reserve_capacity(left.min(PART));
        let capacity = std::future::poll_fn(|context| body.poll_capacity(context)).await;
        let Some(Ok(capacity)) = capacity else {
            return;
        };
        let length = capacity.min(left);
        let part = Bytes::from_static(&[0; PART]).slice(..length.min(PART));
        left -= part.len();
        if body.send_data(part, false).is_err() {
            return;
        }
    }
    let _reset = std::future::poll_fn(|context| body.poll_reset(context)).await;
}

const STREAMS: usize = 40;
const MESSAGE: u32 = (4 << 20) - 1;
const PART: usize = 16 << 10;
