/// Whether a text is an e-mail address that a certificate can carry: a dot-atom of RFC 5322, and
/// a host name with a dot as Fulcio asks for.
///
/// Narrower than RFC 5322 on purpose: an rfc822Name is ASCII, and quoted local parts are read
/// differently by different verifiers.
pub(crate) fn is_email_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    text.len() <= MAX_BYTES
        // RFC 5322 §3.2.3: a dot-atom, whose dots stand between atoms.
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// RFC 5321 §4.5.3.1: the longest path, without the brackets.
const MAX_BYTES: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_other_texts() {
        for text in [
            "a@example.com",
            "first.last+tag@mail.example.co.uk",
            "o'neil@example.com",
        ] {
            assert!(is_email_address(text), "{text}");
        }
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@localhost",
            "a@b@example.com",
            "a b@example.com",
            "\"a\"@example.com",
            "a@example..com",
            "a@-example.com",
            "a@example.com\n",
            ".a@example.com",
            "a.@example.com",
            "..a..@example.com",
            "a..b@example.com",
            "ä@example.com",
            "a@exämple.com",
        ] {
            assert!(!is_email_address(text), "{text:?}");
        }
        assert!(!is_email_address(&format!(
            "{}@example.com",
            "a".repeat(300)
        )));
    }
}
