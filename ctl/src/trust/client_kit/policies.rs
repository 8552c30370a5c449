//! Policies for what checks images before they run, with this instance's names, keys and roots filled in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_trust_root::{LogFace, TrustState};

use super::{File, chains, public_key, trusted_root};
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The files of the policies. The ones for keys of a log of Rekor v1 go where there is no such log.
pub(super) fn of(
    instance: &Instance,
    state: &TrustState,
    root_file: &[u8],
) -> Result<Vec<File>, Failure> {
    let values = Values::of(instance, state, root_file)?;
    let of_rekor_v1 = match values.rekor_keys.is_empty() {
        true => &[],
        false => OF_REKOR_V1.as_slice(),
    };
    let templates = FOLLOWING.iter().chain(of_rekor_v1);
    Ok(templates
        .map(|(name, template)| (*name, values.fill(template).into_bytes()))
        .collect())
}

/// What the templates name in braces.
struct Values {
    name: String,
    issuer: String,
    tuf: String,
    ca: String,
    tlog: String,
    root_file: Vec<u8>,
    trusted_root: String,
    fulcio: Vec<u8>,
    /// Of all logs of Rekor v1 that ever took entries, the newest first.
    rekor_keys: Vec<Vec<u8>>,
}

impl Values {
    fn of(instance: &Instance, state: &TrustState, root_file: &[u8]) -> Result<Self, Failure> {
        let url = |service| instance.manifest.url(service);
        let logs = state.signature_logs.iter();
        let mut logs: Vec<_> = logs.filter(|log| log.face == LogFace::RekorV1).collect();
        logs.sort_by_key(|log| std::cmp::Reverse(log.valid_for.start));
        let trusted_root = trusted_root(state)?.encode();
        Ok(Self {
            name: instance.manifest.name.clone(),
            issuer: url(Service::Oidc),
            tuf: url(Service::Tuf),
            ca: url(Service::Ca),
            tlog: url(Service::Tlog),
            root_file: root_file.to_vec(),
            trusted_root: String::from_utf8_lossy(&trusted_root).into_owned(),
            fulcio: chains(&state.certificate_authorities)?,
            rekor_keys: logs.into_iter().map(public_key).collect::<Result<_, _>>()?,
        })
    }

    fn fill(&self, template: &str) -> String {
        let rekor_keys = self.rekor_keys.iter();
        let rekor_keys: Vec<_> = rekor_keys
            .map(|key| format!("\"{}\"", STANDARD.encode(key)))
            .collect();
        let newest = self.rekor_keys.first().map(|key| STANDARD.encode(key));
        [
            ("{trusted_root}", self.trusted_root.trim_end()),
            ("{rekor_keys}", &rekor_keys.join(",\n")),
            ("{rekor_base64}", &newest.unwrap_or_default()),
            ("{fulcio_base64}", &STANDARD.encode(&self.fulcio)),
            ("{root_base64}", &STANDARD.encode(&self.root_file)),
            ("{issuer_pattern}", &self.issuer.replace('.', "\\.")),
            ("{issuer}", &self.issuer),
            ("{tuf}", &self.tuf),
            ("{ca}", &self.ca),
            ("{tlog}", &self.tlog),
            ("{name}", &self.name),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            put(&text, name, value)
        })
    }
}

/// The text with a value in the place of its name. Each line of the value stands as far right as its name does.
fn put(text: &str, name: &str, value: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let margin = format!("\n{}", " ".repeat(indent));
        line.replace(name, &value.replace('\n', &margin))
    });
    lines.collect()
}

/// What has all logs and takes any signature of this instance.
const FOLLOWING: [(&str, &str); 4] = [
    (
        "policies/kyverno.yaml",
        include_str!("policies/kyverno.yaml"),
    ),
    (
        "policies/policy-controller-trust-root.yaml",
        include_str!("policies/policy-controller-trust-root.yaml"),
    ),
    (
        "policies/policy-controller.yaml",
        include_str!("policies/policy-controller.yaml"),
    ),
    ("policies/flux.yaml", include_str!("policies/flux.yaml")),
];

/// What has keys of Rekor v1 and takes signatures that are there.
const OF_REKOR_V1: [(&str, &str); 3] = [
    (
        "policies/containers-policy.json",
        include_str!("policies/containers-policy.json"),
    ),
    (
        "policies/containers-registries.yaml",
        include_str!("policies/containers-registries.yaml"),
    ),
    (
        "policies/openshift.yaml",
        include_str!("policies/openshift.yaml"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_value_stands_below_its_name() {
        let text = "a:\n  value: |\n    {it}\n  last: {it}\n";
        let filled = "a:\n  value: |\n    one\n    two\n  last: one\n  two\n";
        assert_eq!(put(text, "{it}", "one\ntwo"), filled);
    }
}
