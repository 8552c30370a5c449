use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Face;

/// The kinds of Rekor v1 with their versions.
const KINDS_V1: [(&str, &[&str]); 11] = [
    ("alpine", &["0.0.1"]),
    ("cose", &["0.0.1"]),
    ("dsse", &["0.0.1"]),
    ("hashedrekord", &["0.0.1"]),
    ("helm", &["0.0.1"]),
    ("intoto", &["0.0.1", "0.0.2"]),
    ("jar", &["0.0.1"]),
    ("rekord", &["0.0.1"]),
    ("rfc3161", &["0.0.1"]),
    ("rpm", &["0.0.1"]),
    ("tuf", &["0.0.1"]),
];

/// The kinds of Rekor v2 with the one member of their `spec`.
const KINDS_V2: [(&str, &str); 2] = [("dsse", "dsseV002"), ("hashedrekord", "hashedRekordV002")];

const VERSION_V2: &str = "0.0.2";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    api_version: String,
    kind: String,
    spec: BTreeMap<String, IgnoredAny>,
}

/// Says in what a body is not an entry of a face: its members, its kind, its version.
pub(crate) fn check(face: Face, bytes: &[u8]) -> Result<(), String> {
    let body: Body = serde_json::from_slice(bytes).map_err(|problem| problem.to_string())?;
    let known = match face {
        Face::RekorV1 => KINDS_V1
            .iter()
            .any(|(kind, versions)| *kind == body.kind && versions.contains(&&*body.api_version)),
        Face::RekorV2 => KINDS_V2.iter().any(|(kind, member)| {
            let spec = body.spec.len() == 1 && body.spec.contains_key(*member);
            *kind == body.kind && body.api_version == VERSION_V2 && spec
        }),
        Face::StaticCt => false,
    };
    if known {
        Ok(())
    } else {
        Err(format!(
            "{face} has no {:?} {:?} of that shape",
            body.kind, body.api_version
        ))
    }
}
