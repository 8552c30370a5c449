use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

use super::link::Link;
use super::pods;
use crate::failure::Failure;
use crate::instance::Service;

/// A way to a port of a pod: admin listeners are on loopback inside of their pods, and nothing else in the cluster reaches them.
/// It is there until the value or the last connection over it goes.
pub(crate) struct Forward {
    _kubectl: Child,
    port: u16,
}

impl Forward {
    pub(crate) async fn open(link: &Link, service: Service, port: u16) -> Result<Self, Failure> {
        let pod = match &link.pod {
            Some(pod) => pod.clone(),
            None => {
                let running = pods::running(link, service).await?.into_iter();
                running.min().unwrap_or_default()
            }
        };
        Self::to_pod(link, &pod, port).await
    }

    pub(super) async fn to_pod(link: &Link, pod: &str, port: u16) -> Result<Self, Failure> {
        let failed = |why: String| not_forwarded(pod).because(why);
        let mut command = link.kubectl().command();
        command
            .args(["port-forward", &format!("pod/{pod}"), &format!(":{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut kubectl = command.spawn().map_err(|error| failed(error.to_string()))?;
        let said = kubectl.stdout.take().map(BufReader::new);
        let mut said = said.ok_or_else(|| failed("it says nothing".to_owned()))?;
        let mut line = String::new();
        let read = timeout(PATIENCE, said.read_line(&mut line)).await;
        let local = read.ok().and_then(|_| local_port(&line));
        let port = local.ok_or_else(|| failed(format!("kubectl said: {}", line.trim())))?;
        Ok(Self {
            _kubectl: kubectl,
            port,
        })
    }

    /// The port of the near end.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the near end.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Connects, so that it is there for as long as the connection.
    pub(crate) async fn connect(
        self,
        endpoint: &Endpoint,
    ) -> Result<Channel, tonic::transport::Error> {
        let forward = Arc::new(self);
        let connector = tower::service_fn(move |_| {
            let forward = Arc::clone(&forward);
            async move {
                let stream = TcpStream::connect(("127.0.0.1", forward.port)).await?;
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        endpoint.connect_with_connector(connector).await
    }
}

/// `Forwarding from 127.0.0.1:43215 -> 8381`.
fn local_port(line: &str) -> Option<u16> {
    let (near, _) = line.split_once(" -> ")?;
    near.rsplit_once(':')?.1.parse().ok()
}

fn not_forwarded(pod: &str) -> Failure {
    Failure::new(
        "E-CTL-535",
        format!("a port of {pod} cannot be reached"),
        "it takes a right of its own: see `kubectl auth can-i create pods --subresource portforward`",
    )
}

const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_port_is_the_one_that_is_said() {
        let said = "Forwarding from 127.0.0.1:43215 -> 8381\n";
        assert_eq!(local_port(said), Some(43215));
        assert_eq!(local_port("error: unable to forward port"), None);
    }
}
