//! Whether clients take a chain that somebody else issued for a key of ours: an authority of a company, or the holder of a root
//! that is kept offline (RFC 5280 §4.2.1 and §6.1, RFC 3161 §2.3).
//!
//! It asks for what each of the official clients needs, which is more than a path check does and less than this instance
//! puts into its own certificates.

use const_oid::ObjectIdentifier;
use sigstead_key::{Algorithm, PublicKey};

use crate::certificate::Certificate;
use crate::extension::{ExtendedKeyUsage, KeyUsage};
use crate::{Validity, oid};

/// What a chain is to be.
pub struct Wanted<'a> {
    /// The key for which it was asked.
    pub key: &'a PublicKey,
    /// What the key signs: certificates for code signing, or timestamps.
    pub usage: ExtendedKeyUsage,
    /// When each of its certificates must count.
    pub time: Validity,
    /// The certificates of authorities that clients know already.
    pub known: &'a [Certificate],
}

/// A chain that some client would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate {position} of the chain {why}")]
pub struct Unfit {
    /// What it breaks.
    pub rule: Rule,
    /// Which certificate, counted from 1.
    pub position: usize,
    /// How.
    pub why: &'static str,
}

/// What a chain keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It begins with the key for which it was asked.
    Key,
    /// Each certificate is signed by the next, and the last by itself.
    Order,
    /// Its keys are of kinds that every client reads.
    Algorithm,
    /// Whoever issues in it may, and nobody else.
    Authority,
    /// It is no longer than its authorities allow.
    PathLength,
    /// It is for what the key signs.
    Purpose,
    /// It constrains nothing in a way that clients read differently.
    Constraints,
    /// Its names tell authorities apart.
    Name,
    /// The identifiers of its keys lead from each certificate to the next.
    Identifiers,
    /// Each certificate counts for the time in which it is used.
    Time,
}

/// Checks a chain, the certificate of the key first and the self-signed root last.
///
/// # Errors
/// Which certificate breaks which rule, the first of them.
pub fn check_brought(chain: &[Certificate], wanted: &Wanted<'_>) -> Result<(), Unfit> {
    let Some(first) = chain.first() else {
        return Err(unfit(Rule::Order, 1, "is missing"));
    };
    if first.public_key() != wanted.key {
        return Err(unfit(
            Rule::Key,
            1,
            "is for another key than the request is",
        ));
    }
    if chain.len() < 2 {
        return Err(unfit(Rule::Order, 1, "is alone: the root has to follow it"));
    }
    for (index, certificate) in chain.iter().enumerate() {
        let place = Place {
            position: index + 1,
            certificate,
            below: chain.get(..index).unwrap_or_default(),
            above: chain.get(index + 1),
            wanted,
        };
        place.check_link()?;
        place.check_rank()?;
        place.check_purpose()?;
        place.check_extensions()?;
        place.check_identifiers()?;
        place.check_name()?;
        place.check_time()?;
    }
    Ok(())
}

/// A certificate between those below it and the next above it.
struct Place<'a> {
    position: usize,
    certificate: &'a Certificate,
    below: &'a [Certificate],
    above: Option<&'a Certificate>,
    wanted: &'a Wanted<'a>,
}

impl Place<'_> {
    fn unless(&self, rule: Rule, is_kept: bool, why: &'static str) -> Result<(), Unfit> {
        match is_kept {
            true => Ok(()),
            false => Err(unfit(rule, self.position, why)),
        }
    }

    fn is_first(&self) -> bool {
        self.below.is_empty()
    }

    /// Whether it stamps time, and issues nothing.
    fn is_stamper(&self) -> bool {
        self.is_first() && self.wanted.usage == ExtendedKeyUsage::TimeStamping
    }

    fn check_link(&self) -> Result<(), Unfit> {
        self.unless(
            Rule::Algorithm,
            TAKEN.contains(&self.certificate.public_key().algorithm()),
            "has a key of a kind that not every client reads: ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits or more",
        )?;
        // A root is its own issuer.
        let issuer = self.above.unwrap_or(self.certificate);
        self.unless(
            Rule::Order,
            self.certificate.verify_signed_by(issuer).is_ok(),
            match self.above {
                Some(_) => "is not signed by the next one",
                None => "is the last one and does not sign itself: the root has to be there",
            },
        )
    }

    fn check_rank(&self) -> Result<(), Unfit> {
        let usage = self.certificate.key_usage();
        let may = |wanted| usage.is_some_and(|usage| usage.contains(wanted));
        if self.is_stamper() {
            self.unless(
                Rule::Authority,
                !self.certificate.is_ca() && !may(KeyUsage::KEY_CERT_SIGN),
                "may issue certificates, and is to stamp time",
            )?;
            return self.unless(
                Rule::Authority,
                may(KeyUsage::DIGITAL_SIGNATURE),
                "lacks the key usage of digital signatures",
            );
        }
        self.unless(
            Rule::Authority,
            self.certificate.is_ca() && self.is_critical(&oid::BASIC_CONSTRAINTS),
            "is not an authority's, by critical basic constraints",
        )?;
        self.unless(
            Rule::Authority,
            may(KeyUsage::KEY_CERT_SIGN),
            "lacks the key usage of signing certificates",
        )?;
        self.check_path_length()
    }

    /// The key is online, so that it must not make another authority.
    fn check_path_length(&self) -> Result<(), Unfit> {
        let length = self.certificate.path_length();
        if self.is_first() {
            return self.unless(
                Rule::PathLength,
                length == Some(0),
                "lets its key make further authorities: its path length has to be 0",
            );
        }
        // Those that an authority issued to itself do not count (RFC 5280 §6.1.4 (l)), and the last of a path does not either.
        let authorities = self.below.iter().filter(|each| each.is_ca());
        let between = authorities.filter(|each| each.subject_der() != each.issuer_der());
        self.unless(
            Rule::PathLength,
            length.is_none_or(|most| between.count() <= usize::from(most)),
            "allows fewer authorities below it than there are",
        )
    }

    /// What an authority says of its purpose binds those below it. Clients that nest purposes want to hear it from the one
    /// that issues; above that, silence will do.
    fn check_purpose(&self) -> Result<(), Unfit> {
        let (usage, said) = (self.wanted.usage, self.certificate.extended_key_usages());
        if self.is_stamper() {
            return self.unless(
                Rule::Purpose,
                said == Some(&[usage.oid()]) && self.is_critical(&oid::EXTENDED_KEY_USAGE),
                "is not for time stamping alone, by a critical extended key usage",
            );
        }
        self.unless(
            Rule::Purpose,
            !self.is_first() || self.certificate.is_for(usage),
            "is not for code signing: it needs that extended key usage",
        )?;
        self.unless(
            Rule::Purpose,
            self.certificate.may_issue_for(usage),
            "has an extended key usage that excludes what the key is for",
        )
    }

    fn check_extensions(&self) -> Result<(), Unfit> {
        let has = |oid: &ObjectIdentifier| self.certificate.extension(oid).is_some();
        self.unless(
            Rule::Constraints,
            !has(&oid::NAME_CONSTRAINTS),
            "constrains names, which clients read differently: people and workloads have names of many kinds",
        )?;
        let mut critical = self.certificate.extensions().iter();
        self.unless(
            Rule::Constraints,
            !critical.any(|each| each.critical && !UNDERSTOOD.contains(&each.oid)),
            "has a critical extension that some client does not know",
        )
    }

    fn check_identifiers(&self) -> Result<(), Unfit> {
        let certificate = self.certificate;
        self.unless(
            Rule::Identifiers,
            certificate.subject_key_id().is_some(),
            "has no subject key identifier",
        )?;
        let Some(above) = self.above else {
            return Ok(());
        };
        self.unless(
            Rule::Identifiers,
            certificate.authority_key_id().is_some()
                && certificate.authority_key_id() == above.subject_key_id(),
            "does not name the key of the next one by its authority key identifier",
        )
    }

    /// A client that looks for an issuer by its name must not find another one. Nobody looks for one that issues nothing.
    fn check_name(&self) -> Result<(), Unfit> {
        let name = self.certificate.subject_name();
        self.unless(
            Rule::Name,
            self.above.is_some() || (!name.organization.is_empty() && !name.common_name.is_empty()),
            "is a root without an organization or a common name, which trust roots carry",
        )?;
        self.unless(
            Rule::Name,
            !name.common_name.is_empty(),
            "has no common name",
        )?;
        let others = self.wanted.known.iter().chain(self.below);
        let mut others = others.filter(|other| other.public_key() != self.certificate.public_key());
        self.unless(
            Rule::Name,
            self.is_stamper()
                || !others.any(|other| other.subject_der() == self.certificate.subject_der()),
            "has the name of another authority that clients know",
        )
    }

    fn check_time(&self) -> Result<(), Unfit> {
        let (validity, time) = (self.certificate.validity(), self.wanted.time);
        self.unless(
            Rule::Time,
            validity.covers(time.not_before),
            "does not count yet, or no more",
        )?;
        self.unless(
            Rule::Time,
            validity.covers(time.not_after),
            "ends before the key has signed for as long as it is to",
        )
    }

    fn is_critical(&self, oid: &ObjectIdentifier) -> bool {
        let mut extensions = self.certificate.extensions().iter();
        extensions.any(|each| each.oid == *oid && each.critical)
    }
}

const fn unfit(rule: Rule, position: usize, why: &'static str) -> Unfit {
    Unfit {
        rule,
        position,
        why,
    }
}

/// sigstore-python's verifier takes no others of an authority.
const TAKEN: [Algorithm; 6] = [
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EcdsaP521Sha512,
    Algorithm::RsaPkcs1v15_2048Sha256,
    Algorithm::RsaPkcs1v15_3072Sha256,
    Algorithm::RsaPkcs1v15_4096Sha256,
];

/// Those that every client reads. Policies are asked for by none.
const UNDERSTOOD: [ObjectIdentifier; 3] = [
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
];

#[cfg(test)]
mod tests;
