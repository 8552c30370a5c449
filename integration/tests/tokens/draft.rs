//! Sound tokens, one for each type of issuer, before they are signed.

use serde_json::{Value, json};

use crate::key::{Keys, Signing, encode};
use crate::world::now;

/// Whose sound token a case begins with: the name of an issuer's host in `issuers.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    People,
    Names,
    Services,
    Spiffe,
    Kubernetes,
    Github,
    Gitlab,
    Buildkite,
    Codefresh,
    Chainguard,
    Provider,
    Federating,
    Mixed,
    Ruled,
    Listed,
    Brief,
}

/// A token that is not signed yet: two texts, which a case may spoil.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) header: String,
    pub(crate) payload: String,
    pub(crate) signing: Signing,
}

impl Base {
    pub(crate) fn issuer(self) -> String {
        format!("https://{self:?}.example.com").to_lowercase()
    }

    /// What the holder of the token signs as proof of possession.
    pub(crate) fn name(self) -> String {
        let claims = self.claims();
        let name = claims.get("email").or_else(|| claims.get("sub"));
        name.unwrap().as_str().unwrap().to_owned()
    }

    /// The claims of the sound token.
    pub(crate) fn claims(self) -> Value {
        let now = now().unix_timestamp();
        let mut claims =
            json!({"iss": self.issuer(), "aud": "sigstore", "iat": now, "exp": now + 60});
        let own = match self {
            Self::Names => json!({"sub": "alice"}),
            Self::Services => json!({"sub": "https://services.example.com/build"}),
            Self::Spiffe => json!({"sub": "spiffe://example.org/ns/default/sa/web"}),
            Self::Kubernetes => json!({
                "sub": "system:serviceaccount:default:builder",
                "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "builder"}},
            }),
            Self::Github => github(),
            Self::Gitlab => gitlab(),
            Self::Buildkite => json!({
                "sub": "organization:acme:pipeline:app",
                "organization_slug": "acme",
                "pipeline_slug": "app",
            }),
            Self::Codefresh => json!({
                "sub": "account:628a:pipeline:65e5",
                "account_id": "628a",
                "account_name": "acme",
                "pipeline_id": "65e5",
                "pipeline_name": "web/build",
                "workflow_id": "64f4",
            }),
            Self::Chainguard => json!({"sub": "18d6/4f2a"}),
            Self::Provider => json!({
                "sub": "project:app", "project": "acme/app", "revision": "1a2b", "attempt": 3,
            }),
            Self::Federating => {
                let mut claims = person();
                claims["federated_claims"] = json!({"connector_id": "https://behind.example.com"});
                claims
            }
            Self::Ruled => {
                let mut claims = person();
                claims["groups"] = json!(["staff"]);
                claims
            }
            Self::People | Self::Mixed | Self::Listed | Self::Brief => person(),
        };
        let own = own.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(own);
        claims
    }

    pub(crate) fn draft(self) -> Draft {
        Draft::of(Signing::Es256, &self.claims())
    }
}

impl Draft {
    pub(crate) fn of(signing: Signing, claims: &Value) -> Self {
        let header = json!({"alg": signing.algorithm(), "kid": signing.key_id()});
        Self {
            header: header.to_string(),
            payload: claims.to_string(),
            signing,
        }
    }

    pub(crate) fn sign(&self, keys: &Keys) -> String {
        self.sign_with(keys, |signature| signature)
    }

    /// With the signature changed.
    pub(crate) fn sign_with(&self, keys: &Keys, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
        let input = format!("{}.{}", encode(&self.header), encode(&self.payload));
        let signature = change(keys.sign(self.signing, input.as_bytes()));
        format!("{input}.{}", encode(signature))
    }
}

fn person() -> Value {
    json!({"sub": "user-1", "email": "alice@example.com", "email_verified": true})
}

fn github() -> Value {
    json!({
        "sub": "repo:acme/app:ref:refs/heads/main",
        "event_name": "push",
        "sha": "d1e2",
        "workflow": "release",
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/ci/.github/workflows/sign.yml@refs/tags/v2",
        "job_workflow_sha": "a3b4",
        "runner_environment": "github-hosted",
        "repository_id": "1234",
        "repository_owner": "acme",
        "repository_owner_id": "56",
        "repository_visibility": "private",
        "workflow_ref": "acme/app/.github/workflows/release.yml@refs/heads/main",
        "workflow_sha": "c5d6",
        "run_id": "42",
        "run_attempt": "1",
    })
}

fn gitlab() -> Value {
    json!({
        "sub": "project_path:g/p:ref_type:branch:ref:main",
        "project_path": "g/p",
        "project_id": "20",
        "pipeline_source": "push",
        "pipeline_id": "648",
        "ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
        "namespace_path": "g",
        "namespace_id": "9",
        "job_id": "302",
        "ref": "main",
        "ref_type": "branch",
        "sha": "714a",
        "runner_environment": "gitlab-hosted",
        "runner_id": 1,
    })
}
