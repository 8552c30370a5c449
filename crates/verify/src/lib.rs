//! From bundle, artifact and trusted root to an accepted identity, or the check that failed.
//!
//! Specifications: Sigstore client specification §4 (verification), sigstore/protobuf-specs v0.5 (bundles 0.1 to 0.3 in
//! ProtoJSON), Rekor v1 types (hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2) and Rekor v2 specification §6.1
//! (hashedrekord 0.0.2) with dsse 0.0.2 of its first servers, DSSE v1.0.2, in-toto Statement v1.
//!
//! Provided: [`Verifier`], which runs all checks of one bundle in a fixed order; [`Bundle`] and its JSON form
//! ([`json`]); [`Artifact`] and its [`Digests`], for which a file of any size is read once; [`Policy`], what is asked
//! for, and [`BlockList`], what is refused all the same; [`Accepted`], everything that was verified; [`Explanation`], each check with what it compared; [`Failure`], which
//! names the [`Check`] that failed by a stable code.
//!
//! Deliberately absent: the network and the clock. Everything that a decision depends on is in the arguments, so the
//! same bundle verifies the same way for ever.
//!
//! ```
//! use sigstead_trust_root::TrustedRoot;
//! use sigstead_verify::{Artifact, Bundle, Policy, Signer, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/sigstore-go/");
//! # let file = |name: &str| std::fs::read(format!("{folder}{name}"));
//! let root = TrustedRoot::parse(&file("public-good.json")?)?;
//! let bundle = Bundle::parse(&file("provenance.sigstore.json")?)?;
//!
//! let workflow = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";
//! let policy = Policy::identity(workflow, "https://token.actions.githubusercontent.com");
//!
//! // Something else than was signed is refused, and the failure says by which check.
//! let verifier = Verifier::new(root);
//! let refused = verifier.verify(&bundle, Artifact::Bytes(b"something else"), &policy);
//! assert_eq!(refused.unwrap_err().code(), "E-VERIFY-008");
//!
//! # let hex = concat!(
//! #     "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1",
//! #     "e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"
//! # );
//! # let sha512 = hex::decode(hex)?;
//! // The artifact itself, or a digest of it.
//! let known = sigstead_verify::Digests::known(sigstead_key::HashAlgorithm::Sha512, sha512).unwrap();
//! let accepted = verifier.verify(&bundle, Artifact::Digests(&known), &policy)?;
//! if let Signer::Identity(signer) = &accepted.signer {
//!     println!("{} of {} at {:?}", signer.identity, signer.issuer, accepted.time());
//! }
//! # Ok(())
//! # }
//! ```

#![warn(clippy::indexing_slicing)]

mod accepted;
mod artifact;
mod blocked;
mod body;
mod bundle;
mod bundle_entry;
mod certificate;
mod certification;
mod check;
mod content;
mod explanation;
mod failure;
pub mod json;
mod log_entry;
mod policy;
mod run;
mod statement;
mod time;
mod trust;
mod verifier;

pub use accepted::{
    Accepted, Attestation, CertifiedSigner, Signer, TimeSource, VerifiedEntry, VerifiedTime,
};
pub use artifact::{Artifact, Digests};
pub use blocked::{BlockList, BlockedCertificate, BlockedEntry};
pub use bundle::{Bundle, Content, Material};
pub use bundle_entry::{LogEntry, MediaType, Proof};
pub use certificate::verify_certificate;
pub use check::Check;
pub use explanation::{Explanation, Step};
pub use failure::{Difference, Failure};
pub use policy::{Claim, Pattern, Policy, Thresholds};
pub use statement::{Statement, Subject};
pub use verifier::Verifier;
