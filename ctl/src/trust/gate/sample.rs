//! A signature of the running services, as of now.

use super::stored::{ARTIFACT, Stored};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::sign::{self, Once, Rekor};
use crate::token;

/// Has the running services sign, with an entry in a log of this interface. Where `sigctl` makes tokens it is a signature of
/// nobody's with a certificate, or else of a key for once, in which all services but the certificate authority and its log have a
/// part.
pub(super) async fn sign(
    instance: &Instance,
    name: String,
    rekor: Rekor,
) -> Result<Stored, Failure> {
    let (bundle, key) = match token::make(instance, NOBODY).await {
        Ok(token) => {
            let bundle = sign::sample(instance, token, ARTIFACT, rekor).await?;
            (bundle, None)
        }
        Err(_) => {
            let once = Once::new(instance)?;
            let bundle = match rekor {
                Rekor::V1 => once.sign_v1(ARTIFACT).await?,
                Rekor::V2 => once.sign(ARTIFACT, None).await?,
            };
            (bundle, Some(once.public_key().clone()))
        }
    };
    Ok(Stored {
        name,
        bundle: bundle.encode(),
        key,
    })
}

/// RFC 2606 §2: no such name is anybody's.
pub(super) const NOBODY: &str = "nobody@publication.invalid";
