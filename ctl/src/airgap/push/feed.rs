//! A file of an archive as a stream, read beside the requests that send it.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use oci_client::errors::OciDistributionError;
use sigstead_airgap::{FileRecord, Medium};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The bytes of a file. The stream ends with an error if they are not what the list says.
pub(super) fn feed(
    medium: &Arc<Medium>,
    record: &FileRecord,
) -> impl Stream<Item = Chunk> + Send + use<> {
    let (sender, receiver) = channel(CHUNKS_AHEAD);
    let (medium, record) = (Arc::clone(medium), record.clone());
    tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe(sender);
        if let Err(error) = medium.copy(&record, &mut pipe) {
            let error = io::Error::other(sigstead_kit::causes(&error));
            // The receiver is gone when the request failed, which is told there.
            let _ = pipe.0.blocking_send(Err(error.into()));
        }
    });
    futures::stream::unfold(receiver, next)
}

async fn next(mut receiver: Receiver<Chunk>) -> Option<(Chunk, Receiver<Chunk>)> {
    let chunk = receiver.recv().await?;
    Some((chunk, receiver))
}

/// Where the thread that reads puts what it read.
struct Pipe(Sender<Chunk>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Chunk = Result<Bytes, OciDistributionError>;

/// A slow registry holds the medium back, not the memory.
const CHUNKS_AHEAD: usize = 4;
