//! The authority of certificates of TLS.

use sigstead_x509::Certificate;

use crate::failure::Failure;
use crate::init::certificates::Issuer;
use crate::instance::Instance;
use crate::{operator_key, tls_files};

/// Opens an authority by the name of its files in `trust/`. Where its key is kept elsewhere, somebody has to bring it.
pub(in crate::rotate) async fn open(instance: &Instance, name: &str) -> Result<Issuer, Failure> {
    let certificate = tls_files::certificate(&instance.path(&format!("trust/{name}.pem")))?;
    let key = instance.path(&format!("trust/{name}.key"));
    if !key.exists() {
        return Err(missing(&format!("{} is not there", key.display())));
    }
    let signer = operator_key::open(instance, &key).await?;
    if signer.public_key() != certificate.public_key() {
        return Err(missing(&format!("{} is another key", key.display())));
    }
    Ok(Issuer {
        certificate,
        signer,
    })
}

/// Refuses a certificate that this authority did not issue.
pub(in crate::rotate) fn refuse_other(
    role: &str,
    place: &str,
    certificate: &Certificate,
    authority: &Certificate,
) -> Result<(), Failure> {
    let issued = certificate.verify_signed_by(authority);
    issued.map_err(|error| refused(role, place, &sigstead_kit::causes(&error)))
}

/// A next certificate that nobody would accept.
pub(in crate::rotate) fn refused(role: &str, place: &str, why: &str) -> Failure {
    Failure::new(
        "E-CTL-340",
        format!("the next certificate of {place} did not pass the trial; the one of now is in use"),
        format!("take it back, and begin again: sigctl rotate {role} undo"),
    )
    .because(why)
}

fn missing(what: &str) -> Failure {
    Failure::new(
        "E-CTL-338",
        format!("{what}, with which the authority issues certificates"),
        "bring it back for this step",
    )
}
