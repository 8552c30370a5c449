use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use crate::address::{PrivateAddress, Reach};

/// Fetches the documents of issuers. Tests answer from memory.
///
/// An implementation MUST end within a deadline of its own, MUST NOT follow redirects, MUST NOT
/// return more than [`MAX_DOCUMENT_BYTES`], and MUST refuse every status but 200.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The body of the document.
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError>;
}

/// Which document to fetch, and whom to trust for it.
#[derive(Clone, Copy)]
pub struct DocumentRequest<'a> {
    /// Where it is.
    pub url: &'a Url,
    /// PEM certificates of the only authorities that may certify the server. Empty: those of the
    /// operating system.
    pub ca_cert: &'a str,
    /// Which addresses the server may have.
    pub reach: Reach,
    /// Who named the issuer whose document it is.
    pub named_by: NamedBy,
    /// The credential that the server is shown.
    pub bearer: Option<&'a str>,
}

/// Who named an issuer. What strangers have looked up holds up no issuer of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedBy {
    /// The operator, by its URL.
    Operator,
    /// A token, by a URL that a pattern matches.
    Token,
}

impl fmt::Debug for DocumentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentRequest")
            .field("url", &self.url.as_str())
            .field("reach", &self.reach)
            .field("shows_credential", &self.bearer.is_some())
            .finish_non_exhaustive()
    }
}

/// A document that could not be fetched.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// The server did not answer in time, or not at all.
    #[error("cannot get {url}")]
    Unreachable {
        /// What was to be fetched.
        url: String,
        /// Why.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server is where no stranger may send this service.
    #[error("cannot get {url}")]
    Private {
        /// What was to be fetched.
        url: String,
        /// Its address.
        source: PrivateAddress,
    },
    /// The server answered with another status than 200.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was to be fetched.
        url: String,
        /// The status.
        status: u16,
    },
    /// The server sends readers elsewhere. An issuer that could do that would have its keys served
    /// by somebody else.
    #[error("{url} redirects, which is not followed; configure the url that it redirects to")]
    Redirected {
        /// What was to be fetched.
        url: String,
    },
    /// The document is larger than any honest one.
    #[error("{url} has more than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge {
        /// What was to be fetched.
        url: String,
    },
}

/// The largest discovery document or key set that is read.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
