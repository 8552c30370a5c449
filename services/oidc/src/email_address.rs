use serde::{Deserialize, Serialize};

/// The e-mail address under which a person signs in, and which their certificates name.
///
/// It is held to a strict ASCII grammar (a dot-atom of RFC 5322 §3.4.1 at a DNS name), because what
/// is odd here ends as an odd identity in a certificate. Upper case is refused: two spellings of one
/// mailbox would be two identities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// A text is no address under which a person can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address cannot be used: {reason}")]
pub struct EmailAddressError {
    /// What is wrong with it.
    pub reason: &'static str,
}

impl EmailAddress {
    /// Takes an address that fits the grammar.
    ///
    /// # Errors
    /// It does not; the error says what to change.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let refuse = |reason| EmailAddressError { reason };
        if text.len() > 254 {
            return Err(refuse("it is longer than 254 characters"));
        }
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(refuse("it has upper-case letters; write it in lower case"));
        }
        let (local, domain) = text.split_once('@').ok_or_else(|| refuse("it has no @"))?;
        if local.len() > 64
            || !local
                .split('.')
                .all(|atom| is_word(atom, b"!#$%&'*+-/=^_`{|}"))
        {
            return Err(refuse(
                "the part before the @ is not plain ASCII letters, digits and signs",
            ));
        }
        if !domain.split('.').all(is_label) {
            return Err(refuse("the part after the @ is not a host name"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailAddressError;

    fn try_from(text: String) -> Result<Self, EmailAddressError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

fn is_word(text: &str, signs: &[u8]) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || signs.contains(&b))
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_word(text, b"-") && !text.starts_with('-') && !text.ends_with('-')
}
