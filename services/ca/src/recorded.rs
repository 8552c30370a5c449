//! What administrators ask of the record.

use sigstead_issuance::{Issuance, Page, Query};

use crate::authority::CertificateAuthority;
use crate::error::Error;

impl CertificateAuthority {
    /// A page of what was issued.
    ///
    /// # Errors
    /// [`Error::ReadRecord`].
    pub(crate) async fn issuances(&self, query: &Query) -> Result<Page, Error> {
        let page = self.parts().record.page(query).await;
        page.map_err(Error::ReadRecord)
    }

    /// The issuance of an identifier or a serial number, the newest if there are several.
    ///
    /// # Errors
    /// [`Error::IssuanceUnknown`] or [`Error::ReadRecord`].
    pub(crate) async fn issuance(&self, name: &str) -> Result<Issuance, Error> {
        let mut query = Query {
            limit: Some(1),
            ..Query::default()
        };
        if name.len() == ID_CHARACTERS {
            query.id = Some(name.to_owned());
        } else {
            query.serial = Some(name.to_owned());
        }
        loop {
            let page = self.issuances(&query).await?;
            if let Some(found) = page.issuances.into_iter().next() {
                return Ok(found);
            }
            query.after = Some(page.next.ok_or(Error::IssuanceUnknown)?);
        }
    }
}

/// Serial numbers have forty.
const ID_CHARACTERS: usize = 32;
