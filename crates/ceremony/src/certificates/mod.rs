//! The certificates of an authority that the key of its root signs, kept where no network is.
//!
//! A certificate has one signature, so that m of n cannot sign it. The key of the root signs, and m of n people attest with
//! keys of their own what was signed; the office takes up nothing that too few of them attested. The draft says all of it but the
//! key of a new root, so that each certificate is known to the byte, and told in words, before it is signed.

mod count;
mod draft;
mod issued;
mod lint;
mod partial;
mod proposal;
mod root;
mod sentences;
mod tally;
mod transcript;

pub use count::certificate_tally;
pub use draft::{CertificateDraft, CertificateWish, CrossWanted, Purpose, RootWanted, Term};
pub use lint::lint_certificates;
pub use partial::{CertificatePartial, CertificateSignatures, CertificateToSign};
pub use proposal::CertificateProposal;
pub use root::RootBrought;
pub use sentences::certificate_sentences;
pub use tally::CertificateTally;
pub use transcript::CertificateTranscript;
