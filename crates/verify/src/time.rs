//! When the signature existed, by those who are trusted to say so.

use ::time::OffsetDateTime;
use sigstead_trust_root::{CertificateAuthority, TrustedRoot};
use sigstead_tsp::TimestampToken;

use crate::accepted::{TimeSource, VerifiedTime};
use crate::bundle::Bundle;
use crate::check::Check;
use crate::failure::{Failing as _, Failure, ensure};

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
        times.extend(verify(root, &token, bundle.signature())?);
    }
    Ok(times)
}

fn verify(
    root: &TrustedRoot,
    token: &TimestampToken,
    signature: &[u8],
) -> Result<Option<VerifiedTime>, Failure> {
    let mut outcome = Ok(None);
    for authority in &root.timestamp_authorities {
        // Each authority with its own validity: another one's says nothing about this key.
        let verified = authority.chain().failing(Check::TrustedRoot).map(|chain| {
            let time = token.verify(signature, &chain)?;
            Ok::<_, sigstead_tsp::Error>((time, authority.is_trusted_at(time)))
        });
        match verified {
            Ok(Ok((time, true))) => {
                return Ok(Some(VerifiedTime {
                    time,
                    source: TimeSource::TimestampAuthority,
                    url: authority.uri.clone(),
                }));
            }
            Ok(Ok((time, false))) => outcome = Err(outside(authority, time)),
            Ok(Err(sigstead_tsp::Error::OtherSigner)) => {}
            Ok(Err(error)) => outcome = Err(error).failing(Check::Timestamp),
            Err(unusable) if matches!(outcome, Ok(None)) => outcome = Err(unusable),
            Err(_) => {}
        }
    }
    outcome
}

fn outside(authority: &CertificateAuthority, time: OffsetDateTime) -> Failure {
    let (url, range) = (&authority.uri, authority.valid_for);
    let expected = format!("a time of {url} {range}");
    Failure::unlike(Check::TimestampAuthorityTime, expected, time)
}

/// More is no use to anybody, and each costs its verifier two signatures and a chain.
const MAX_TIMESTAMPS: usize = 32;
