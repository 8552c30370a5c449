use serde::Deserialize;
use sigstead_protojson::strict;

use super::canonical::{self, Hash};
use super::encoding::Base64;
use super::verifier::Verifier;
use super::{Error, Kind};

/// `hashedrekord` 0.0.1: a signature over a digest.
#[derive(Deserialize)]
pub(super) struct HashedRekord {
    data: Data,
    signature: Signature,
}

#[derive(Deserialize)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    content: Base64,
    public_key: PublicKey,
}

#[derive(Deserialize)]
struct PublicKey {
    content: Base64,
}

impl HashedRekord {
    pub(super) fn from_spec(spec: &[u8]) -> Result<Self, Error> {
        let entry: Self = strict::from_slice(spec).map_err(Error::Schema)?;
        if entry.signature.content.0.is_empty() {
            return Err(Error::Missing("the content of the signature"));
        }
        Ok(entry)
    }

    /// The canonical body.
    pub(super) fn verify(self) -> Result<Vec<u8>, Error> {
        let Self { data, signature } = self;
        let digest = data.hash.decode()?;
        let verifier = Verifier::from_pem(&signature.public_key.content.0)?;
        verifier.check_chain()?;
        verifier.verify_digest(data.hash.algorithm.hash(), &digest, &signature.content.0)?;
        let spec = canonical::HashedRekord {
            // The digits stay as they were sent, in either case.
            data: canonical::Data { hash: data.hash },
            signature: canonical::Signature {
                content: signature.content,
                public_key: canonical::PublicKey {
                    content: Base64(verifier.to_pem().into_bytes()),
                },
            },
        };
        canonical::write(Kind::HashedRekord001, spec)
    }
}
