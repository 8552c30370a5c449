//! What Fulcio itself certified for the same tokens under the same file. `testdata/fulcio` says how that was recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use sigstead_identity::{IssuersConfig, Preview};
use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

#[derive(Deserialize)]
struct Recorded {
    config: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    claims: Value,
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Outcome {
    Certificate(Certificate),
    Refusal {
        #[expect(dead_code, reason = "what it says is for people")]
        refusal: String,
    },
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Certificate {
    name: String,
    kind: String,
    san: String,
    /// By the last number of the arc.
    extensions: BTreeMap<String, String>,
}

impl Certificate {
    fn of(preview: &Preview) -> Self {
        let kind = match preview.san {
            SubjectAlternativeName::Email(_) => "email",
            SubjectAlternativeName::Uri(_) => "uri",
            SubjectAlternativeName::OtherName(_) => "other",
        };
        let arcs = (2..=6).chain(9..=23).map(|arc| arc.to_string());
        let by_name: BTreeMap<&str, String> =
            FulcioExtensions::CLAIMS.iter().copied().zip(arcs).collect();
        let FulcioExtensions {
            issuer, subject, ..
        } = &preview.extensions;
        let mut extensions = BTreeMap::from([
            ("1".to_owned(), issuer.clone()),
            ("8".to_owned(), issuer.clone()),
            ("24".to_owned(), subject.clone()),
        ]);
        for (name, value) in preview.extensions.claims() {
            extensions.insert(by_name[name].clone(), value.to_owned());
        }
        Self {
            name: preview.name.clone(),
            kind: kind.to_owned(),
            san: preview.san.value().to_owned(),
            extensions,
        }
    }
}

impl Certificate {
    /// Everything that it tells, by name.
    fn told(&self) -> BTreeMap<&str, &str> {
        let own = [
            ("name", &self.name),
            ("kind", &self.kind),
            ("san", &self.san),
        ];
        let extensions = self.extensions.iter();
        own.into_iter()
            .chain(extensions.map(|(arc, value)| (arc.as_str(), value)))
            .map(|(name, value)| (name, value.as_str()))
            .collect()
    }

    /// What this one tells otherwise than the other one.
    fn differences(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.told(), other.told());
        let names: BTreeSet<&&str> = ours.keys().chain(theirs.keys()).collect();
        names
            .into_iter()
            .filter(|name| ours.get(**name) != theirs.get(**name))
            .map(|name| {
                let [ours, theirs] = [&ours, &theirs].map(|told| told.get(*name).unwrap_or(&"-"));
                format!("{name} is {ours} and not {theirs}")
            })
            .collect()
    }
}

#[test]
fn certificates_are_those_of_fulcio_but_for_the_differences_that_are_told() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("../testdata/fulcio/vectors.json")).unwrap();
    let config = IssuersConfig::parse(&recorded.config).unwrap();
    let (mut issued, mut refused, mut differences) = (0, 0, Vec::new());
    for Vector { claims, outcome } in &recorded.vectors {
        let ours = config.preview(claims.to_string().as_bytes());
        let ours = ours.map(|preview| Certificate::of(&preview));
        let issuer = claims["iss"].as_str().unwrap().rsplit('/').next().unwrap();
        let mut differ = |what: &str| differences.push(format!("{issuer}: {what}"));
        match (outcome, ours) {
            (Outcome::Refusal { .. }, Err(_)) => refused += 1,
            (Outcome::Certificate(theirs), Ok(ours)) if *theirs == ours => issued += 1,
            (Outcome::Certificate(theirs), Ok(ours)) => {
                ours.differences(theirs)
                    .iter()
                    .for_each(|what| differ(what));
            }
            (Outcome::Certificate(_), Err(refusal)) => differ(&refusal.to_string()),
            (Outcome::Refusal { .. }, Ok(_)) => differ("is certified"),
        }
    }
    assert_eq!(differences, DIFFERENCES);
    assert!(issued > 80 && refused > 30, "{issued} {refused}");
}

/// docs/identity.md says why.
const DIFFERENCES: [&str; 21] = [
    "github: the url of the certificate would be https://github.com/ with \"acme/app/.github/workflows/a.yml@refs/heads/50%zz\", which has a percent sign without two hexadecimal digits; expected claims that can stand in a path",
    "github: the url of the certificate would be https://github.com/ with \"acme/app/.github/workflows/a.yml@refs/heads/50%\", which has a percent sign without two hexadecimal digits; expected claims that can stand in a path",
    "github-ci: 23 is - and not <nil>",
    "github-ci: claim environment of the token is a list; expected a text, a number, true or false",
    "github-ci: 21 is https://github.com/acme/app/actions/runs/9007199254740993/attempts/1 and not https://github.com/acme/app/actions/runs/9.007199254740992e+15/attempts/1",
    "github-ci: 21 is https://github.com/acme/app/actions/runs/1000000000000000000000/attempts/1 and not https://github.com/acme/app/actions/runs/1e+21/attempts/1",
    "gitlab: 18 is https://gitlab.example.com:8443/g/p//ci.yml@refs/heads/main and not https:8443/g/p//ci.yml@refs/heads/main",
    "gitlab: 9 is https://gitlab.example.com:8443/g/p//ci.yml@refs/heads/main and not https:8443/g/p//ci.yml@refs/heads/main",
    "gitlab: san is https://gitlab.example.com:8443/g/p//ci.yml@refs/heads/main and not https:8443/g/p//ci.yml@refs/heads/main",
    "codefresh: the subject alternative name of the certificate would be \"codefresh.example.com\", which has no scheme; expected a URL with a scheme and a host",
    "codefresh: claim account_name of the token is \"\"; expected a text that is not empty",
    "codefresh: the token has no claim pipeline_name",
    "codefresh-ci: the subject alternative name of the certificate would be \"codefresh.example.com/acme/web/build:628a/65e5\", which has no scheme; expected a URL with a scheme and a host",
    "kubernetes: claim $['kubernetes.io'].namespace of the token is \"\"; expected a text that is not empty",
    "kubernetes: claim $['kubernetes.io'].namespace of the token is \"a b\"; expected a label of RFC 1123",
    "kubernetes: claim sub of the token is \"system:serviceaccount:default:other\"; expected system:serviceaccount:default:web, as the claim kubernetes.io says",
    "kubernetes: the token has no claim $['kubernetes.io'].namespace",
    "uri: claim sub of the token is \"http://user@127.0.0.1/1\"; expected a URI without user information",
    "username: claim sub of the token is \"\\\"a b\\\"@example.com\"; expected a name that cannot be taken for an e-mail address",
    "federated: claim $.federated_claims.connector_id of the token is 7; expected a text that is not empty",
    "namespaced: is certified",
];
