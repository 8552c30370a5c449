//! Which trusted root a bundle is verified against.

use sigstead_trust_root::TrustedRoot;

use crate::accepted::Accepted;
use crate::artifact::Artifact;
use crate::bundle::{Bundle, Material};
use crate::check::Check;
use crate::explanation::{Explanation, Trace};
use crate::failure::Failure;
use crate::policy::Policy;
use crate::run::Run;
use crate::trust::TrustedLog;

/// Verifies bundles against trusted roots.
#[derive(Debug, Clone)]
pub struct Verifier {
    roots: Vec<TrustedRoot>,
}

impl Verifier {
    /// A verifier that trusts what `root` says.
    #[must_use]
    pub fn new(root: TrustedRoot) -> Self {
        Self { roots: vec![root] }
    }

    /// A verifier for bundles of several instances. Each bundle is verified against one root as a whole: one that has the
    /// authority that issued its certificate, or its log where there is no certificate.
    #[must_use]
    pub const fn of_instances(roots: Vec<TrustedRoot>) -> Self {
        Self { roots }
    }

    /// Runs all checks (Sigstore client specification §4). The first that fails is the one that is told.
    ///
    /// # Errors
    /// If a check fails.
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        policy: &Policy,
    ) -> Result<Accepted, Failure> {
        self.explain(bundle, artifact, policy).outcome
    }

    /// The same, with every check that passed.
    #[must_use]
    pub fn explain(&self, bundle: &Bundle, artifact: Artifact<'_>, policy: &Policy) -> Explanation {
        let mut explanation = Explanation {
            steps: Vec::new(),
            outcome: Err(Check::TrustedRoot.into()),
        };
        for root in self.candidates(bundle) {
            let mut trace = Trace::default();
            let run = Run {
                root,
                bundle,
                policy,
            };
            let outcome = run.verify(artifact, &mut trace);
            explanation = Explanation {
                steps: trace.0,
                outcome,
            };
            if explanation.outcome.is_ok() {
                break;
            }
        }
        explanation
    }

    /// The roots that may know the signer; all of them if none is sure to.
    fn candidates(&self, bundle: &Bundle) -> Vec<&TrustedRoot> {
        let known: Vec<_> = self
            .roots
            .iter()
            .filter(|root| knows(root, bundle))
            .collect();
        if known.is_empty() {
            return self.roots.iter().collect();
        }
        known
    }
}

fn knows(root: &TrustedRoot, bundle: &Bundle) -> bool {
    match &bundle.material {
        Material::Certificate(leaf) => {
            let chains = root.certificate_authorities.iter().map(|each| each.chain());
            chains
                .flatten()
                .flatten()
                .any(|issuer| issuer.subject_der() == leaf.issuer_der())
        }
        Material::PublicKey => bundle.entries.iter().any(|entry| {
            TrustedLog::of_signatures(root, &entry.log_id)
                .next()
                .is_some()
        }),
    }
}
