//! The certificates above the logged ones, read and verified before: the same few are above all that is submitted.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sigstead_ct::AcceptedChain;
use sigstead_x509::{Certificate, Error};

/// Authorities whose chain led to an accepted root once. What was read of a certificate, and that one signed another,
/// depends on nothing but their bytes, so it is never forgotten for being old. Who is accepted as a root is another
/// question, and asked each time.
#[derive(Default)]
pub(crate) struct KnownIssuers(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By their exact bytes.
    certificates: HashMap<Vec<u8>, Certificate>,
    links: HashSet<Link>,
}

/// SHA-256 of a certificate, and of its issuer's.
type Link = ([u8; 32], [u8; 32]);

impl KnownIssuers {
    /// Reads a certificate, unless it is known.
    ///
    /// # Errors
    /// As [`Certificate::from_der`].
    pub(crate) fn read(&self, der: &[u8]) -> Result<Certificate, Error> {
        let known = self.known().certificates.get(der).cloned();
        known.map_or_else(|| Certificate::from_der(der), Ok)
    }

    /// Whether `issuer` is known to have signed `issued`.
    pub(crate) fn contain(&self, issued: &Certificate, issuer: &Certificate) -> bool {
        let known = self.known();
        !known.links.is_empty() && known.links.contains(&link(issued, issuer))
    }

    /// Remembers the certificates above a leaf and their signatures. Only of chains to an accepted root, so that a
    /// stranger's certificates do not take the room.
    pub(crate) fn remember(&self, chain: &AcceptedChain) {
        let issuers = chain.issuers();
        let mut known = self.known();
        for issuer in issuers {
            known.remember(issuer);
        }
        for (issued, issuer) in issuers.iter().zip(issuers.iter().skip(1)) {
            known.link(link(issued, issuer));
        }
    }

    /// No code that panics runs under this lock.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, issuer: &Certificate) {
        if self.certificates.contains_key(issuer.to_der()) {
            return;
        }
        // More authorities than a log has are some that an accepted one makes without end.
        if self.certificates.len() >= MOST_CERTIFICATES {
            self.certificates.clear();
        }
        self.certificates
            .insert(issuer.to_der().to_vec(), issuer.clone());
    }

    fn link(&mut self, link: Link) {
        if self.links.contains(&link) {
            return;
        }
        if self.links.len() >= MOST_LINKS {
            self.links.clear();
        }
        self.links.insert(link);
    }
}

fn link(issued: &Certificate, issuer: &Certificate) -> Link {
    (issued.sha256(), issuer.sha256())
}

/// Those in use have a few thousand bytes, and none has more than 64 KiB.
const MOST_CERTIFICATES: usize = 64;
const MOST_LINKS: usize = 256;
