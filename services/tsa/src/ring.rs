//! The keys of an authority, each with the time from which on it signs.

use std::sync::Arc;

use sigstead_config::tsa::{Config, KeyAndChain, SuccessorsFile};
use sigstead_signer::RingKey;
use time::OffsetDateTime;

use crate::Error;
use crate::authority::Authority;

/// Keys that follow one another. All of them are proven, long before they sign.
pub(crate) type KeyRing = sigstead_signer::KeyRing<Arc<Authority>>;

/// Opens the keys of [`Config::ring`]. Those that are to come must have a chain that is valid when they begin.
pub(crate) async fn open(config: &Config, now: OffsetDateTime) -> Result<KeyRing, Error> {
    let file = SuccessorsFile::read_if_named(config.successors_file.as_deref());
    let file = file.map_err(|error| Error::Successors(Box::new(error)))?;
    let configured = config.ring(&file, now);
    let (first, successors) = configured.split();
    let mut ring = KeyRing::new(open_key(first).await?);
    for configured in successors {
        let opened = open_key(configured).await?;
        if let Some(from) = opened.from {
            opened.key.verify_chain(from)?;
        }
        ring = ring.followed_by(opened);
    }
    Ok(ring)
}

async fn open_key(configured: &RingKey<KeyAndChain<'_>>) -> Result<RingKey<Arc<Authority>>, Error> {
    let KeyAndChain { key, chain } = configured.key;
    Ok(RingKey {
        from: configured.from,
        key: Arc::new(Authority::open(key, chain).await?),
    })
}
