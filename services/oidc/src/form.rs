use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::Secret;

/// Tells forms that this issuer made for a browser from forged ones, and browsers that a person has
/// used before from strangers. It keeps no state: both are tags over the browser's cookie.
pub(crate) struct FormKey(hmac::Key);

impl FormKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The value of the form's hidden field. `purpose` is what the form is about, so that one cannot
    /// be sent in place of another.
    pub(crate) fn form_token(&self, browser: &Secret, purpose: &str) -> String {
        self.tag("form", browser, purpose)
    }

    pub(crate) fn is_form_token(&self, token: &str, browser: &Secret, purpose: &str) -> bool {
        self.is_tag(token, "form", browser, purpose)
    }

    /// The cookie that says that the account's owner has signed in from this browser.
    pub(crate) fn known_account(&self, browser: &Secret, account: &str) -> String {
        self.tag("known", browser, account)
    }

    pub(crate) fn is_known_account(&self, tag: &str, browser: &Secret, account: &str) -> bool {
        self.is_tag(tag, "known", browser, account)
    }

    /// Bytes that follow from the secret of a page, for one use of it.
    pub(crate) fn drawn(&self, page: &Secret, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &message("drawn", page, purpose));
        let mut bytes = [0; 32];
        bytes
            .iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        bytes
    }

    fn tag(&self, kind: &str, browser: &Secret, about: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &message(kind, browser, about)))
    }

    fn is_tag(&self, tag: &str, kind: &str, browser: &Secret, about: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        hmac::verify(&self.0, &message(kind, browser, about), &tag).is_ok()
    }
}

/// Kind and cookie have no line breaks, so that the three parts cannot run into one another.
fn message(kind: &str, browser: &Secret, about: &str) -> Vec<u8> {
    format!("{kind}\n{}\n{about}", browser.as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_browser_and_purpose_only() {
        let key = FormKey::new(&[7; 32]);
        let (mine, theirs) = (Secret::random().unwrap(), Secret::random().unwrap());
        let token = key.form_token(&mine, "sign-in");
        assert!(key.is_form_token(&token, &mine, "sign-in"));
        assert!(!key.is_form_token(&token, &theirs, "sign-in"));
        assert!(!key.is_form_token(&token, &mine, "approve"));
        assert!(!key.is_known_account(&token, &mine, "sign-in"));
        assert!(!FormKey::new(&[8; 32]).is_form_token(&token, &mine, "sign-in"));
        for forged in ["", "AAAA", "not base64!"] {
            assert!(!key.is_form_token(forged, &mine, "sign-in"), "{forged}");
        }
    }
}
