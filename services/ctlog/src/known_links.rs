//! Which certificates are known to have signed which: the same authorities stand above all that they submit.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sigstead_ct::AcceptedChain;
use sigstead_key::HashAlgorithm;
use sigstead_x509::Certificate;

/// Signatures between authorities that verified before. That they verify depends on nothing but the two certificates, so
/// it is never forgotten for being old; who is accepted as a root is another question, and asked each time.
#[derive(Default)]
pub(crate) struct KnownLinks(Mutex<HashSet<Link>>);

/// SHA-256 of a certificate, and of its issuer's.
type Link = (Vec<u8>, Vec<u8>);

impl KnownLinks {
    /// Whether `issuer` is known to have signed `issued`.
    pub(crate) fn contain(&self, issued: &Certificate, issuer: &Certificate) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && known.contains(&link(issued, issuer))
    }

    /// Remembers the signatures above a leaf. Only of chains to an accepted root, so that a stranger's certificates do not
    /// take the room.
    pub(crate) fn remember(&self, chain: &AcceptedChain) {
        let issuers = chain.issuers();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (issued, issuer) in issuers.iter().zip(issuers.iter().skip(1)) {
            let link = link(issued, issuer);
            if known.contains(&link) {
                continue;
            }
            // More authorities than a log has are some that an accepted one makes without end.
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(link);
        }
    }
}

fn link(issued: &Certificate, issuer: &Certificate) -> Link {
    let digest = |certificate: &Certificate| HashAlgorithm::Sha256.digest(certificate.to_der());
    (digest(issued), digest(issuer))
}

const MOST: usize = 256;
