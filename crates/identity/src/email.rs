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
        && domain.split('.').all(is_label)
        // Four numbers are an address of a machine, and no domain.
        && domain.rsplit_once('.').is_some_and(|(_, top)| !is_number(top))
}

/// Whether a text could be taken for an e-mail address by somebody who reads addresses widely: with
/// quotes, with letters of any script.
pub(crate) fn looks_like_email_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_inner = |dot: usize| dot > 0 && dot + 1 < domain.len();
    !local.is_empty() && domain.match_indices('.').any(|(dot, _)| is_inner(dot))
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

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
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
            "a@1.2.3.4",
            "a@example.1",
        ] {
            assert!(!is_email_address(text), "{text:?}");
        }
        assert!(is_email_address("a@1.example.2a"));
        assert!(!is_email_address(&format!(
            "{}@example.com",
            "a".repeat(300)
        )));
    }

    #[test]
    fn tells_names_from_what_somebody_takes_for_an_address() {
        for text in [
            "a@example.com",
            "ü@example.com",
            "\"a b\"@example.com",
            "a@b@example.com",
            "..a@example.com",
            "a@exämple.com",
            "a@1.2.3.4",
            "a b@example.com",
        ] {
            assert!(looks_like_email_address(text), "{text}");
        }
        for text in [
            "a",
            "@example.com",
            "a@",
            "a@localhost",
            "a@.",
            "a@x.",
            "a@.x",
        ] {
            assert!(!looks_like_email_address(text), "{text}");
        }
    }
}
