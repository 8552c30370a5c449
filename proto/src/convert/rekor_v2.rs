//! `dev.sigstore.rekor.v2`: entries as they are submitted.

use sigstead_entry::ProposedEntry;
use sigstead_key::Algorithm;

use crate::Error;
use crate::rekor::v2::create_entry_request::Spec;
use crate::rekor::v2::{
    CreateEntryRequest, DsseRequestV002, HashedRekordRequestV002, Verifier, verifier,
};

impl TryFrom<CreateEntryRequest> for ProposedEntry {
    type Error = Error;

    fn try_from(request: CreateEntryRequest) -> Result<Self, Error> {
        match request.spec.ok_or(Error::Missing("spec"))? {
            Spec::HashedRekordRequestV002(hashed_rekord) => hashed_rekord.try_into(),
            Spec::DsseRequestV002(dsse) => dsse.try_into(),
        }
    }
}

impl TryFrom<HashedRekordRequestV002> for ProposedEntry {
    type Error = Error;

    fn try_from(request: HashedRekordRequestV002) -> Result<Self, Error> {
        let signature = request.signature.ok_or(Error::Missing("signature"))?;
        let verifier = signature.verifier.ok_or(Error::Missing("verifier"))?;
        let (verifier, algorithm) = verifier.try_into()?;
        Ok(Self {
            digest: request.digest,
            signature: signature.content,
            verifier,
            algorithm,
        })
    }
}

impl TryFrom<DsseRequestV002> for ProposedEntry {
    type Error = Error;

    fn try_from(request: DsseRequestV002) -> Result<Self, Error> {
        let envelope = request.envelope.ok_or(Error::Missing("envelope"))?;
        // The entry is that of one signature, so neither may be left over.
        let [signature] = <[_; 1]>::try_from(envelope.signatures)
            .map_err(|_| Error::OutOfRange("the number of signatures"))?;
        let [verifier] = <[_; 1]>::try_from(request.verifiers)
            .map_err(|_| Error::OutOfRange("the number of verifiers"))?;
        let (verifier, algorithm) = verifier.try_into()?;
        Ok(Self::from_dsse(
            &envelope.payload_type,
            &envelope.payload,
            signature.sig,
            verifier,
            algorithm,
        ))
    }
}

impl TryFrom<Verifier> for (sigstead_entry::Verifier, Algorithm) {
    type Error = Error;

    fn try_from(wire: Verifier) -> Result<Self, Error> {
        let algorithm = wire.key_details().try_into()?;
        let verifier = match wire.verifier.ok_or(Error::Missing("verifier"))? {
            verifier::Verifier::PublicKey(key) => {
                sigstead_entry::Verifier::PublicKey(key.raw_bytes)
            }
            verifier::Verifier::X509Certificate(leaf) => {
                sigstead_entry::Verifier::Certificate(leaf.raw_bytes)
            }
        };
        Ok((verifier, algorithm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::v1::PublicKeyDetails;
    use crate::intoto;
    use crate::rekor::v2::{PublicKey, Signature};

    fn verifier() -> Verifier {
        Verifier {
            verifier: Some(verifier::Verifier::PublicKey(PublicKey {
                raw_bytes: vec![1],
            })),
            key_details: PublicKeyDetails::PkixEcdsaP256Sha256.into(),
        }
    }

    fn hashed_rekord() -> HashedRekordRequestV002 {
        HashedRekordRequestV002 {
            digest: vec![2],
            signature: Some(Signature {
                content: vec![3],
                verifier: Some(verifier()),
            }),
        }
    }

    #[test]
    fn reads_a_signature_over_a_digest() {
        let spec = Some(Spec::HashedRekordRequestV002(hashed_rekord()));
        let proposed = ProposedEntry::try_from(CreateEntryRequest { spec }).unwrap();
        let expected = ProposedEntry {
            digest: vec![2],
            signature: vec![3],
            verifier: sigstead_entry::Verifier::PublicKey(vec![1]),
            algorithm: Algorithm::EcdsaP256Sha256,
        };
        assert_eq!(proposed, expected);
    }

    #[test]
    fn refuses_what_lacks_a_part() {
        assert!(ProposedEntry::try_from(CreateEntryRequest { spec: None }).is_err());
        let unsigned = HashedRekordRequestV002 {
            signature: None,
            ..hashed_rekord()
        };
        assert!(ProposedEntry::try_from(unsigned).is_err());
        let mut keyless = hashed_rekord();
        keyless.signature = Some(Signature {
            content: vec![3],
            verifier: None,
        });
        assert!(ProposedEntry::try_from(keyless).is_err());
        let unnamed = Verifier {
            key_details: 0,
            ..verifier()
        };
        assert!(<(sigstead_entry::Verifier, Algorithm)>::try_from(unnamed).is_err());
        let empty = Verifier {
            verifier: None,
            ..verifier()
        };
        assert!(<(sigstead_entry::Verifier, Algorithm)>::try_from(empty).is_err());
    }

    #[test]
    fn takes_an_envelope_with_one_signature_and_no_other() {
        for (signatures, verifiers, is_taken) in
            [(1, 1, true), (0, 1, false), (2, 2, false), (1, 2, false)]
        {
            let request = DsseRequestV002 {
                envelope: Some(intoto::Envelope {
                    payload: b"{}".to_vec(),
                    payload_type: "application/json".to_owned(),
                    signatures: vec![Default::default(); signatures],
                }),
                verifiers: vec![verifier(); verifiers],
            };
            assert_eq!(ProposedEntry::try_from(request).is_ok(), is_taken);
        }
    }
}
