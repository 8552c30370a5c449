use bytes::Bytes;
use sigstead_merkle::TreeHead;

/// A head that the log has published: durable, signed, and visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedHead {
    /// Size and root.
    pub head: TreeHead,
    /// When its round was sequenced, in milliseconds since the epoch.
    pub time_millis: u64,
    /// The signed note over it, as clients fetch it.
    pub note: Bytes,
}
