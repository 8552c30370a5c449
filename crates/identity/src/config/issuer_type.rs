use std::fmt;

use serde::{Deserialize, Serialize};

/// What the subjects of an issuer are, and so what its certificates certify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerType {
    /// People, by a verified e-mail address.
    Email,
    /// Workloads, by a URI below the subject domain.
    Uri,
    /// People, by a name within the subject domain.
    Username,
    /// Workloads, by a SPIFFE ID.
    Spiffe,
    /// Kubernetes service accounts.
    Kubernetes,
    /// GitHub Actions.
    GithubWorkflow,
    /// GitLab CI.
    GitlabPipeline,
    /// Buildkite.
    BuildkiteJob,
    /// Codefresh.
    CodefreshWorkflow,
    /// Chainguard identities.
    ChainguardIdentity,
    /// Continuous integration systems as `ci-issuer-metadata` describes them.
    CiProvider,
}

impl IssuerType {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Username => "username",
            Self::Spiffe => "spiffe",
            Self::Kubernetes => "kubernetes",
            Self::GithubWorkflow => "github-workflow",
            Self::GitlabPipeline => "gitlab-pipeline",
            Self::BuildkiteJob => "buildkite-job",
            Self::CodefreshWorkflow => "codefresh-workflow",
            Self::ChainguardIdentity => "chainguard-identity",
            Self::CiProvider => "ci-provider",
        }
    }
}

impl fmt::Display for IssuerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
