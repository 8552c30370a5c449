//! The names of fields.

/// Which names a field answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Its `lowerCamelCase` name and its original `snake_case` name.
    Proto,
    /// The name that the struct has for it.
    Exact,
}

impl Names {
    /// The field of the struct that a member of the document is.
    pub(crate) fn field(self, fields: &[&'static str], member: &str) -> Option<&'static str> {
        fields
            .iter()
            .find(|field| **field == member)
            .or_else(|| match self {
                Self::Proto => fields.iter().find(|field| is_original(field, member)),
                Self::Exact => None,
            })
            .copied()
    }
}

/// Whether `original` is the `snake_case` name whose `lowerCamelCase` name is `camel`.
fn is_original(camel: &str, original: &str) -> bool {
    let mut rest = original.chars();
    camel.chars().all(|letter| {
        if !letter.is_ascii_uppercase() {
            return rest.next() == Some(letter);
        }
        rest.next() == Some('_') && rest.next() == Some(letter.to_ascii_lowercase())
    }) && rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_original_name_has_an_underscore_where_the_other_has_a_capital() {
        let table = [
            ("rawBytes", "raw_bytes", true),
            ("x509CertificateChain", "x509_certificate_chain", true),
            ("rfc3161Timestamps", "rfc3161_timestamps", true),
            ("rawBytes", "raw_Bytes", false),
            ("rawBytes", "raw__bytes", false),
            ("rawBytes", "rawbytes", false),
            ("rawBytes", "raw_byte", false),
            ("rawBytes", "raw_bytes_", false),
        ];
        for (camel, original, expected) in table {
            assert_eq!(is_original(camel, original), expected, "{original}");
        }
    }
}
