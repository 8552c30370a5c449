//! When the signature existed, by those who are trusted to say so.

use ::time::OffsetDateTime;
use sigstead_trust_root::TrustedRoot;
use sigstead_tsp::TimestampToken;

use crate::failure::{Failing as _, ensure};
use crate::{Bundle, Check, Failure, TimeSource, VerifiedTime};

/// The times of all timestamps of known authorities. A timestamp of an unknown authority says nothing; one that names a
/// known authority and does not verify is a forgery.
pub(crate) fn timestamps(
    root: &TrustedRoot,
    bundle: &Bundle,
) -> Result<Vec<VerifiedTime>, Failure> {
    let responses = &bundle.timestamps;
    ensure(responses.len() <= MAX_TIMESTAMPS, Check::TimestampCount)?;
    let mut times = Vec::new();
    for (position, response) in responses.iter().enumerate() {
        let is_double = responses
            .iter()
            .take(position)
            .any(|earlier| earlier == response);
        ensure(!is_double, Check::TimestampCount)?;
        let token = TimestampToken::from_response(response).failing(Check::Timestamp)?;
        let time = verify(root, &token, bundle.signature())?;
        times.extend(time.map(|time| VerifiedTime {
            time,
            source: TimeSource::TimestampAuthority,
        }));
    }
    Ok(times)
}

fn verify(
    root: &TrustedRoot,
    token: &TimestampToken,
    signature: &[u8],
) -> Result<Option<OffsetDateTime>, Failure> {
    let mut outcome = Ok(None);
    for authority in &root.timestamp_authorities {
        // Each authority with its own validity: another one's says nothing about this key.
        let verified = authority.chain().failing(Check::TrustedRoot).map(|chain| {
            let time = token.verify(signature, &chain)?;
            Ok::<_, sigstead_tsp::Error>((time, authority.valid_for.covers(time)))
        });
        match verified {
            Ok(Ok((time, true))) => return Ok(Some(time)),
            Ok(Ok((_, false))) => outcome = Err(Check::TimestampAuthorityTime.into()),
            Ok(Err(sigstead_tsp::Error::OtherSigner)) => {}
            Ok(Err(error)) => outcome = Err(error).failing(Check::Timestamp),
            Err(unusable) if matches!(outcome, Ok(None)) => outcome = Err(unusable),
            Err(_) => {}
        }
    }
    outcome
}

/// More is no use to anybody, and each costs its verifier two signatures and a chain.
const MAX_TIMESTAMPS: usize = 32;
