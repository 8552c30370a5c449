//! The certificate that this program shows to the admin interfaces, renewed before it ends.

use std::path::Path;
use std::sync::Once;

use sigstead_kit::{Clock as _, SystemClock};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use crate::administrators;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::{Output, one_line};
use crate::tls_files;

/// Whose certificate it is.
pub(crate) enum Owner<'a> {
    /// The instance's own tools. The authority is here, and its key may be.
    Instance(&'a Instance),
    /// A person, who has a context.
    Person,
    /// Somebody who changes nothing and is told elsewhere.
    Nobody,
}

/// Certificate and key, PEM, that fit together.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Reads both. In the last third of its time the certificate is renewed if the authority's key is at hand; if it is not, the
/// person is told, once.
pub(crate) async fn identity(
    owner: Owner<'_>,
    certificate: &Path,
    key: &Path,
) -> Result<Identity, Failure> {
    let shown = tls_files::certificate(certificate)?;
    if is_in_its_last_third(&shown, SystemClock.now()) {
        match owner {
            Owner::Instance(instance) => {
                if let Err(failure) = administrators::renew_own(instance, &shown).await {
                    tell(&shown, "sigctl rotate admin start", Some(&failure));
                }
            }
            Owner::Person => {
                let name = one_line(&shown.subject_name().common_name);
                let remedy = format!(
                    "ask an owner for another: sigctl admin renew --name {name:?} --out FOLDER"
                );
                tell(&shown, &remedy, None);
            }
            Owner::Nobody => {}
        }
    }
    // Another process may replace both files between two reads; each pair is whole.
    let read = || {
        let first = tls_files::certificate(certificate)?;
        Ok(Identity {
            certificate: tls_files::text(certificate)?,
            key: tls_files::key_of(&first, key)?,
        })
    };
    read().or_else(|_: Failure| read())
}

fn is_in_its_last_third(certificate: &Certificate, now: OffsetDateTime) -> bool {
    let whole = certificate.not_after() - certificate.not_before();
    certificate.not_after() - now < whole / 3
}

fn tell(certificate: &Certificate, remedy: &str, why: Option<&Failure>) {
    TOLD.call_once(|| {
        let why = why.map_or_else(String::new, |why| format!(", and was not renewed: {}", why.whole()));
        Output::Text.complain(&format!(
            "warning E-CTL-344: the certificate with which this sigctl administers ends on {}{why}\n  do: {remedy}\n",
            certificate.not_after().date()
        ));
    });
}

static TOLD: Once = Once::new();
