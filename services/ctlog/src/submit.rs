//! Submission: chain, issuers, entry, place, SCT.

use sigstead_ct::{
    AcceptedChain, DigitallySigned, EntryKind, SignedCertificateTimestamp, TileLeaf,
};
use sigstead_x509::Certificate;

use crate::CtLog;
use crate::error::Error;
use crate::leaf::PendingLogEntry;
use crate::submitters::Submitter;

impl CtLog {
    /// Logs a certificate or precertificate, leaf first, and promises that it is logged.
    ///
    /// The promise is signed only after the entry is durable under a published checkpoint. A certificate that is in the
    /// log already is answered with its time and place, so that authorities may send again what they got no answer for.
    ///
    /// # Errors
    /// If the chain is not accepted, or the log or its key does not work now.
    pub async fn submit(
        &self,
        _by: Submitter,
        submitted: Vec<Certificate>,
        kind: EntryKind,
    ) -> Result<SignedCertificateTimestamp, Error> {
        let accepts = &*self.acceptance;
        let is_known =
            |issued: &Certificate, issuer: &Certificate| accepts.known.contain(issued, issuer);
        let roots = accepts.roots.accepted();
        let chain = AcceptedChain::check_unknown(submitted, &roots, kind, is_known)?;
        accepts.known.remember(&chain);
        chain.check_usage(&accepts.usages)?;
        self.ends.check(chain.leaf().not_after())?;
        // Before the entry: whoever reads it must find every issuer that it names.
        self.issuers.keep(&chain).await.map_err(Error::Issuers)?;
        // Not before: an issuer that is new is written to disk, and nobody should wait for that.
        let announced = self.log.announce();
        let pending = PendingLogEntry::try_from(&chain)?;
        let included = announced.add(Box::new(pending)).await?;
        self.metrics.count_entry(included.is_duplicate);
        tracing::debug!(
            origin = %self.origin, leaf_index = %included.leaf_index,
            is_duplicate = included.is_duplicate, "an entry is in the log"
        );
        self.promise(&included.entry.bundle).await
    }

    /// The SCT of an entry, with the time and the extensions that the log holds for it.
    async fn promise(&self, bundle: &[u8]) -> Result<SignedCertificateTimestamp, Error> {
        let entry = TileLeaf::decode(bundle)?.timestamped_entry;
        let signature = self
            .signer
            .sign(&entry.sct_input()?)
            .await
            .map_err(Error::Sign)?;
        Ok(SignedCertificateTimestamp {
            log_id: self.public_key().log_id(),
            timestamp_millis: entry.timestamp_millis,
            extensions: entry.extensions,
            signature: DigitallySigned::new(self.signer.algorithm(), signature)?,
        })
    }
}
