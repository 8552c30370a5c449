//! Extensions of the operator's own: the file of issuers says which claims they hold.

use std::collections::BTreeMap;

use sigstead_x509::{ObjectIdentifier, OwnExtension};

use crate::claims::Claims;
use crate::error::{ConfigFault, Error};
use crate::template::Template;

/// The extensions of one entry of the file.
#[derive(Debug, Default)]
pub(crate) struct OwnExtensions(Vec<(ObjectIdentifier, Template)>);

impl OwnExtensions {
    /// Reads the extensions of an entry, which must be below the `arc` of the file.
    pub(crate) fn new(arc: &str, written: &BTreeMap<String, String>) -> Result<Self, ConfigFault> {
        if written.is_empty() {
            return Ok(Self::default());
        }
        if arc.is_empty() {
            return Err(ConfigFault::OwnArcMissing);
        }
        if written.len() > MOST_EXTENSIONS {
            return Err(ConfigFault::OwnExtensionsMany(MOST_EXTENSIONS));
        }
        let arc = parse_arc(arc)?;
        let read = |(key, template): (&String, &String)| {
            let oid = parse(key).filter(|oid| is_below(oid, &arc));
            let oid = oid.ok_or_else(|| ConfigFault::OwnExtensionOid(key.clone()))?;
            if template.trim().is_empty() {
                return Err(ConfigFault::OwnExtensionEmpty(key.clone()));
            }
            let template = Template::parse(template).map_err(|fault| {
                let oid = key.clone();
                ConfigFault::OwnExtensionTemplate { oid, fault }
            })?;
            Ok((oid, template))
        };
        let extensions = written.iter().map(read).collect::<Result<Vec<_>, _>>();
        let mut extensions = extensions?;
        extensions.sort_by_key(|(oid, _)| oid.arcs().collect::<Vec<_>>());
        Ok(Self(extensions))
    }

    /// What they hold for these claims. A text that is empty has no extension.
    pub(crate) fn of(&self, claims: &Claims) -> Result<Vec<OwnExtension>, Error> {
        let mut extensions = Vec::new();
        for (oid, template) in &self.0 {
            let value = template.evaluate(&|name| claims.written(name))?;
            if !value.is_empty() {
                extensions.push(OwnExtension { oid: *oid, value });
            }
        }
        Ok(extensions)
    }
}

/// The arc that an operator may define extensions under, below an enterprise number. The author of the file must not write a
/// meaning that others have given to an identifier.
pub(crate) fn parse_arc(text: &str) -> Result<ObjectIdentifier, ConfigFault> {
    let arc = parse(text).ok_or(ConfigFault::OwnArcInvalid)?;
    let is_own = is_below(&arc, &ENTERPRISES);
    let is_taken = TAKEN
        .iter()
        .any(|taken| arc == *taken || is_below(&arc, taken));
    if is_own && !is_taken {
        Ok(arc)
    } else {
        Err(ConfigFault::OwnArcInvalid)
    }
}

/// Only in the one spelling that an identifier has.
fn parse(text: &str) -> Option<ObjectIdentifier> {
    let oid = ObjectIdentifier::new(text).ok()?;
    (oid.to_string() == text).then_some(oid)
}

fn is_below(oid: &ObjectIdentifier, arc: &ObjectIdentifier) -> bool {
    oid.len() > arc.len() && oid.arcs().zip(arc.arcs()).all(|(own, above)| own == above)
}

const ENTERPRISES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1");
/// Enterprises whose extensions verifiers of certificates look for: Microsoft, Google with its logs, Sigstore.
const TAKEN: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264"),
];

/// Each is in every certificate of the issuer, and in the log for ever.
const MOST_EXTENSIONS: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARC: &str = "1.3.6.1.4.1.99999.7";

    fn read(arc: &str, extensions: &[(&str, &str)]) -> Result<OwnExtensions, String> {
        let owned = |(oid, template): &(&str, &str)| ((*oid).to_owned(), (*template).to_owned());
        let written = extensions.iter().map(owned).collect();
        OwnExtensions::new(arc, &written).map_err(|fault| fault.to_string())
    }

    fn told(extensions: &[(&str, &str)], claims: &Value) -> Result<Vec<(String, String)>, Error> {
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let own = read(ARC, extensions).unwrap().of(&claims)?;
        let text = |own: OwnExtension| (own.oid.to_string(), own.value);
        Ok(own.into_iter().map(text).collect())
    }

    #[test]
    fn hold_claims_and_what_templates_make_of_them() {
        let extensions = [
            ("1.3.6.1.4.1.99999.7.10", "{{ .project }}/{{ .attempt }}"),
            ("1.3.6.1.4.1.99999.7.2", "project"),
            ("1.3.6.1.4.1.99999.7.3", "{{ index . \"team\" }}"),
        ];
        let claims = json!({"project": "acme/app", "attempt": 3});
        let told_of = told(&extensions, &claims).unwrap();
        // In the order of the identifiers, and without the one that is empty.
        let expected = [
            ("1.3.6.1.4.1.99999.7.2", "acme/app"),
            ("1.3.6.1.4.1.99999.7.10", "acme/app/3"),
        ];
        assert_eq!(
            told_of,
            expected.map(|(oid, value)| (oid.to_owned(), value.to_owned()))
        );
        let missing = told(&extensions, &json!({"project": "acme/app"}));
        assert!(matches!(missing, Err(Error::ClaimMissing { claim }) if claim == "attempt"));
        let list = told(&extensions[1..2], &json!({"project": ["a"]}));
        assert!(matches!(list, Err(Error::ClaimInvalid { claim, .. }) if claim == "project"));
    }

    #[test]
    fn are_below_the_arc_of_the_operator() {
        for oid in [
            ARC,
            "1.3.6.1.4.1.99999.8.1",
            "1.3.6.1.4.1.99999",
            "1.3.6.1.4.1.57264.1.25",
            "2.5.29.17",
            "1.3.6.1.4.1.99999.70.1",
            "1.3.6.1.4.1.99999.7.01",
            "1.3.6.1.4.1.99999.7.",
            "1.3.6.1.4.1.99999.7.x",
            "",
        ] {
            let refused = read(ARC, &[(oid, "sub")]).unwrap_err();
            assert!(refused.contains("below extension-arc"), "{oid}: {refused}");
        }
        for (arc, extensions, says) in [
            (
                "",
                &[("1.3.6.1.4.1.99999.7.1", "sub")][..],
                "write it at the top",
            ),
            (
                ARC,
                &[("1.3.6.1.4.1.99999.7.1", " ")],
                "neither a claim nor a template",
            ),
            (
                ARC,
                &[("1.3.6.1.4.1.99999.7.1", "{{ range . }}")],
                "1.3.6.1.4.1.99999.7.1: ",
            ),
        ] {
            let refused = read(arc, extensions).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        let names: Vec<String> = (1..=17).map(|last| format!("{ARC}.{last}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|oid| (oid.as_str(), "sub")).collect();
        assert!(read(ARC, &many[..16]).is_ok());
        assert!(read(ARC, &many).unwrap_err().contains("more than 16"));
    }

    #[test]
    fn an_arc_is_nobody_elses() {
        for arc in ["1.3.6.1.4.1.99999", ARC] {
            assert!(parse_arc(arc).is_ok(), "{arc}");
        }
        for arc in [
            "1",
            "1.3.6.1.4.1",
            "1.3.6.1.4",
            "1.3.6.1.5.5.7",
            "2.5.29",
            "2.25",
            "2.25.4711",
            "2.16.840.1",
            "1.3.6.1.4.1.57264",
            "1.3.6.1.4.1.57264.1",
            "1.3.6.1.4.1.57264.2",
            "1.3.6.1.4.1.11129.2.4",
            "1.3.6.1.4.1.311.20",
            "0.9.2342",
            "x",
            "",
        ] {
            assert_eq!(parse_arc(arc), Err(ConfigFault::OwnArcInvalid), "{arc}");
        }
    }
}
