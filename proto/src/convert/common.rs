//! `dev.sigstore.common.v1`.

use sigstead_key::Algorithm;

use crate::Error;
use crate::common::v1::{LogId, PublicKeyDetails};

impl From<Algorithm> for PublicKeyDetails {
    fn from(algorithm: Algorithm) -> Self {
        // Both names are those of the registry; the round trip below covers every algorithm.
        Self::from_str_name(algorithm.key_details()).unwrap_or_default()
    }
}

impl TryFrom<PublicKeyDetails> for Algorithm {
    type Error = Error;

    fn try_from(details: PublicKeyDetails) -> Result<Self, Error> {
        Self::from_key_details(details.as_str_name()).ok_or(Error::OutOfRange("key_details"))
    }
}

impl From<&sigstead_key::LogId> for LogId {
    fn from(id: &sigstead_key::LogId) -> Self {
        Self {
            key_id: id.as_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_its_name_on_the_wire() {
        for algorithm in Algorithm::ALL {
            let details = PublicKeyDetails::from(algorithm);
            assert_ne!(details, PublicKeyDetails::Unspecified, "{algorithm:?}");
            assert_eq!(Algorithm::try_from(details).unwrap(), algorithm);
        }
        assert!(Algorithm::try_from(PublicKeyDetails::Unspecified).is_err());
        assert!(Algorithm::try_from(PublicKeyDetails::MlDsa65).is_err());
    }
}
