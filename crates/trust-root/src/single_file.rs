//! The targets that older clients read: one certificate or key in each file, found by its name or its custom metadata.

use serde_json::json;
use sigstead_x509::Certificate;

use crate::authorities::AuthorityState;
use crate::error::Error;
use crate::logs::LogState;
use crate::target::Target;

/// Those of authorities and logs.
pub(crate) fn targets(
    certificate_authorities: &[AuthorityState],
    timestamp_authorities: &[AuthorityState],
    certificate_logs: &[LogState],
    v1_logs: &[&LogState],
) -> Result<Vec<Target>, Error> {
    let mut targets = certificate_authority_files(certificate_authorities)?;
    targets.extend(timestamp_authority_files(timestamp_authorities)?);
    targets.extend(log_files("CTFE", "ctfe", certificate_logs)?);
    targets.extend(log_files("Rekor", "rekor", v1_logs.iter().copied())?);
    Ok(targets)
}

fn certificate_authority_files(states: &[AuthorityState]) -> Result<Vec<Target>, Error> {
    let mut files = Vec::new();
    // Counted over all chains: by place in its chain, a second intermediate would get the name of the next chain's.
    let mut intermediates = 0..;
    for (position, state) in states.iter().enumerate() {
        let mut chain = state.certificates()?;
        let Some(root) = chain.pop() else { continue };
        let custom = custom("Fulcio", state.in_service, &state.url);
        let name = numbered("fulcio_v1.crt.pem", position);
        files.push(certificate_file(&name, &root, &custom));
        for (intermediate, number) in chain.iter().zip(&mut intermediates) {
            let name = numbered("fulcio_intermediate_v1.crt.pem", number);
            files.push(certificate_file(&name, intermediate, &custom));
        }
    }
    Ok(files)
}

fn timestamp_authority_files(states: &[AuthorityState]) -> Result<Vec<Target>, Error> {
    let mut files = Vec::new();
    let mut intermediates = 0;
    for (position, state) in states.iter().enumerate() {
        let chain = state.certificates()?;
        let custom = custom("TSA", state.in_service, &state.url);
        for (depth, certificate) in chain.iter().enumerate() {
            let name = match depth {
                0 => numbered("tsa_leaf.crt.pem", position),
                _ if depth + 1 == chain.len() => numbered("tsa_root.crt.pem", position),
                _ => {
                    intermediates += 1;
                    format!("tsa_intermediate_{}.crt.pem", intermediates - 1)
                }
            };
            files.push(certificate_file(&name, certificate, &custom));
        }
    }
    Ok(files)
}

fn log_files<'a>(
    usage: &str,
    stem: &str,
    logs: impl IntoIterator<Item = &'a LogState>,
) -> Result<Vec<Target>, Error> {
    logs.into_iter()
        .enumerate()
        .map(|(position, log)| {
            Ok(Target {
                name: numbered(&format!("{stem}.pub"), position),
                bytes: log.key()?.to_pem().into_bytes(),
                custom: Some(custom(usage, log.in_service, &log.base_url)),
            })
        })
        .collect()
}

/// `name.pub` for the first of its kind, `name_1.pub` for the next.
fn numbered(name: &str, position: usize) -> String {
    match (position, name.split_once('.')) {
        (1.., Some((stem, ending))) => format!("{stem}_{position}.{ending}"),
        _ => name.to_owned(),
    }
}

fn custom(usage: &str, in_service: bool, url: &str) -> serde_json::Value {
    let status = if in_service { "Active" } else { "Expired" };
    json!({ "sigstore": { "usage": usage, "status": status, "uri": url } })
}

fn certificate_file(name: &str, certificate: &Certificate, custom: &serde_json::Value) -> Target {
    Target {
        name: name.to_owned(),
        bytes: certificate.to_pem().into_bytes(),
        custom: Some(custom.clone()),
    }
}
