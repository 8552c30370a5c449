//! Connections that ask for nothing, more than a service has places for, opened again as they are ended.

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;

use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut connections = JoinSet::new();
    for service in target.services.keys() {
        for number in 0..CONNECTIONS {
            let stranger = 60 + (number % STRANGERS) as u8;
            connections.spawn(async move {
                for _ in 0..TIMES {
                    connection(target, service, stranger).await;
                }
            });
        }
    }
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
}

/// It ends when the service ends it.
async fn connection(target: &Target, service: &str, stranger: u8) {
    if let Ok(mut stream) = target.connect(service, stranger).await {
        let _end = stream.read(&mut [0]).await;
    }
}

/// Twice as many as there are places.
const CONNECTIONS: usize = 400;
const STRANGERS: usize = 4;
const TIMES: usize = 2;
