//! Bundles: their JSON survives writing, and nothing verifies but what is right for the artifact.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_key::PublicKey;
use sigstead_trust_root::TrustedRoot;
use sigstead_verify::{Artifact, Bundle, Policy, Verifier, json};

fuzz_target!(|data: &[u8]| {
    let parts = parts(data);
    let [bundle, root, artifact, policy, ..] = parts[..] else {
        return;
    };
    if let Ok(wire) = json::Bundle::parse(bundle) {
        let written = wire.encode();
        let again = json::Bundle::parse(&written);
        assert_eq!(
            again.ok(),
            Some(wire),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
    let (Ok(bundle), Ok(root)) = (Bundle::parse(bundle), TrustedRoot::parse(root)) else {
        return;
    };
    let Some(policy) = policy_of(policy) else {
        return;
    };
    let verifier = Verifier::new(root);
    if let Ok(accepted) = verifier.verify(&bundle, Artifact::Bytes(artifact), &policy) {
        assert_eq!(accepted.entries.len(), bundle.entries.len());
        let other = [artifact, b"!"].concat();
        assert!(
            verifier
                .verify(&bundle, Artifact::Bytes(&other), &policy)
                .is_err()
        );
    }
});

/// A key, or an identity and its issuer in two lines.
fn policy_of(text: &[u8]) -> Option<Policy> {
    if let Ok(key) = PublicKey::from_pem_or_der(text) {
        return Some(Policy::key(key));
    }
    let (identity, issuer) = std::str::from_utf8(text).ok()?.split_once('\n')?;
    Some(Policy::identity(identity, issuer))
}
