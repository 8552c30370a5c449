//! What is to be signed: a draft, and the root that somebody made for it.

use sigstead_key::PublicKey;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, TimestampingProfile, UnsignedCertificate, Validity,
};
use time::OffsetDateTime;

use super::draft::{CertificateDraft, Purpose, RootWanted, unreadable};
use super::root::RootBrought;
use crate::clock::check_clock;
use crate::error::Error;
use crate::statement::Subject;
use crate::words::Digest;

/// Certificates that are known to the byte, all but their signatures.
#[derive(Debug, Clone)]
pub struct CertificateProposal {
    draft: CertificateDraft,
    brought: Option<RootBrought>,
    root: Certificate,
    key: PublicKey,
    digest: Digest,
}

impl CertificateProposal {
    /// The proposal, once a new root was brought, if the draft wants one.
    ///
    /// # Errors
    /// If it was not, or is another one, or a certificate cannot be made.
    pub fn new(draft: CertificateDraft, brought: Option<RootBrought>) -> Result<Self, Error> {
        draft.check()?;
        let root = match (&draft.root, &brought) {
            (RootWanted::Kept { certificate }, None) => {
                Certificate::from_pem(certificate).map_err(unreadable("the root"))?
            }
            (RootWanted::New(_), Some(brought)) => brought.check(&draft)?,
            (RootWanted::New(_), None) => return Err(Error::NotJoined(vec![root_name()?])),
            (RootWanted::Kept { .. }, Some(_)) => {
                return Err(Error::Draft(
                    "the medium has a new root, and the draft keeps the one of now".to_owned(),
                ));
            }
        };
        let key = draft.requested_key()?;
        let mut proposal = Self {
            digest: Digest::of(KIND, &draft)?,
            draft,
            brought,
            root,
            key,
        };
        proposal.digest = proposal.digest_of_all()?;
        Ok(proposal)
    }

    /// What was asked for.
    #[must_use]
    pub const fn draft(&self) -> &CertificateDraft {
        &self.draft
    }

    /// The new root as it was brought, if one was made.
    #[must_use]
    pub const fn brought(&self) -> Option<&RootBrought> {
        self.brought.as_ref()
    }

    /// The root that certifies.
    #[must_use]
    pub const fn root(&self) -> &Certificate {
        &self.root
    }

    /// The key that is certified.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The digest of all of it.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What those who sign it say that they signed.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            ceremony: &self.draft.ceremony,
            draft: self.draft.number,
            digest: &self.digest,
        }
    }

    /// The certificate of the key, not signed.
    ///
    /// # Errors
    /// If the root may not issue it, or a name has no DER form.
    pub fn certificate(&self) -> Result<UnsignedCertificate, Error> {
        self.certificate_below(&self.root)
    }

    /// The same below another root, for a rehearsal.
    ///
    /// # Errors
    /// As [`Self::certificate`].
    pub fn certificate_below(&self, root: &Certificate) -> Result<UnsignedCertificate, Error> {
        let term = &self.draft.certificate;
        let (subject, public_key) = (term.name(), self.key.clone());
        let (validity, serial) = (term.validity(), term.serial()?);
        let unsigned = match self.draft.purpose {
            Purpose::CodeSigning => CaProfile {
                subject,
                public_key,
                validity,
                kind: CaKind::CodeSigning,
                serial,
            }
            .issued_by(root),
            Purpose::TimeStamping => TimestampingProfile {
                subject,
                public_key,
                validity,
                serial,
            }
            .issued_by(root),
        };
        unsigned.map_err(unreadable("the certificate"))
    }

    /// A root like the one that certifies, of another key, not signed: for a rehearsal.
    ///
    /// # Errors
    /// If a name has no DER form.
    pub fn root_of(&self, key: &PublicKey) -> Result<UnsignedCertificate, Error> {
        let profile = CaProfile {
            subject: self.root.subject_name(),
            public_key: key.clone(),
            validity: self.root.validity(),
            kind: CaKind::Root,
            serial: self.draft.certificate.serial()?,
        };
        profile.self_signed().map_err(unreadable("the root"))
    }

    /// The new root as the one before certifies it, not signed, and the root before.
    ///
    /// # Errors
    /// If the root before may not issue it, or cannot be read.
    pub fn cross(&self) -> Result<Option<(UnsignedCertificate, Certificate)>, Error> {
        let Some(cross) = &self.draft.cross else {
            return Ok(None);
        };
        let (before, root) = (cross.before()?, &self.root);
        let profile = CaProfile {
            subject: root.subject_name(),
            public_key: root.public_key().clone(),
            validity: Validity {
                not_before: root.not_before().max(before.not_before()),
                not_after: root.not_after().min(before.not_after()),
            },
            kind: CaKind::Root,
            serial: cross.serial()?,
        };
        let unsigned = profile.certified_by(&before);
        let unsigned = unsigned.map_err(unreadable("the certificate of the new root"))?;
        Ok(Some((unsigned, before)))
    }

    /// Checks that `now` is not before anything that the proposal is made of, and not too late.
    ///
    /// # Errors
    /// If one of both is so; which clock is wrong, this one or that of who made the thing, is not known.
    pub fn check_clock(&self, now: OffsetDateTime) -> Result<(), Error> {
        let draft = &self.draft;
        let brought = self.brought.as_ref().map(|brought| brought.made_at);
        let latest = brought.map_or(draft.made_at, |at| at.max(draft.made_at));
        check_clock(now, latest, draft.sign_until)
    }

    /// Two releases that would make two certificates of one draft have other words for it.
    fn digest_of_all(&self) -> Result<Digest, Error> {
        let certificate = hex::encode(self.certificate()?.bytes_to_sign());
        let cross = self.cross()?;
        let cross = cross.map(|(cross, _)| hex::encode(cross.bytes_to_sign()));
        Digest::of(KIND, &(&self.draft, &self.brought, certificate, cross))
    }
}

/// What the holder of the root's key is called.
pub(super) fn root_name() -> Result<crate::name::HolderName, Error> {
    ROOT.parse()
        .map_err(|_| Error::Draft("the root has no name".to_owned()))
}

pub(super) const ROOT: &str = "root";
const KIND: &str = "sigstead certificate draft";
