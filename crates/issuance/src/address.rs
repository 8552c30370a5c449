//! The forms in which an identity may be recorded.

use sigstead_key::HashAlgorithm;

/// An e-mail address as it is recorded where addresses are not to be: `sha256:` and the digest of the address in small
/// letters, hex. None if the text cannot be an address.
#[must_use]
pub fn hashed_address(text: &str) -> Option<String> {
    may_be_address(text).then(|| {
        let digest = HashAlgorithm::Sha256.digest(text.to_lowercase().as_bytes());
        format!("sha256:{}", hex::encode(digest))
    })
}

/// An identity in each form in which it may be recorded, for a query: what was recorded before an operator decided
/// otherwise has the other one.
#[must_use]
pub fn recorded_forms(identity: &str) -> Vec<String> {
    let plain = std::iter::once(identity.to_owned());
    plain.chain(hashed_address(identity)).collect()
}

/// A local part may have slashes, the domain behind it has none; that tells it from the name of a workflow, which ends with
/// a ref.
fn may_be_address(text: &str) -> bool {
    let domain = text.rsplit_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| !domain.contains('/')) && !text.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hashed_and_the_name_of_a_workflow_is_not() {
        for name in [
            "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main",
            "https://person@ci.example.com/job",
            "o/r/.github/workflows/w.yml@refs/heads/main",
            "repo:o/r:ref:refs/heads/main",
        ] {
            assert_eq!(hashed_address(name), None);
            assert_eq!(recorded_forms(name), [name]);
        }
        for address in ["a@example.com", "a/b@example.com", "A@localhost"] {
            let hashed = hashed_address(address).unwrap();
            assert!(hashed.starts_with("sha256:"), "{hashed}");
            assert_eq!(recorded_forms(address), [address.to_owned(), hashed]);
        }
        assert_eq!(
            hashed_address("Alice@Example.com"),
            hashed_address("alice@example.com")
        );
    }
}
