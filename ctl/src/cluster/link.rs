use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::kubectl::{Kubectl, Refused};

/// Which release the services of an instance run in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// The context of the kubeconfig, if not its current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<String>,
    pub(crate) namespace: String,
    /// The release of the chart.
    pub(crate) release: String,
    /// The pod that is asked, of a role that has several. None for any.
    #[serde(skip)]
    pub(crate) pod: Option<String>,
}

impl Link {
    /// The name of the Secret of a role.
    pub(crate) fn secret(&self, role: &str) -> String {
        format!("{}-{role}", self.full_name())
    }

    /// The name of the ConfigMap of what is published.
    pub(crate) fn publication(&self) -> String {
        format!("{}-publication", self.full_name())
    }

    /// The name of the lease of who moves a plan.
    pub(crate) fn lease(&self) -> String {
        format!("{}-plans", self.full_name())
    }

    /// The way to it.
    pub(crate) fn kubectl(&self) -> Kubectl {
        Kubectl {
            context: self.context.clone(),
            namespace: self.namespace.clone(),
        }
    }

    /// As the chart makes names of that of the release.
    fn full_name(&self) -> String {
        let name: String = self.release.chars().take(40).collect();
        let name = name.strip_suffix('-').unwrap_or(&name);
        match name.contains("sigstead") {
            true => name.to_owned(),
            false => format!("{name}-sigstead"),
        }
    }
}

/// An object that could not be read or written.
pub(crate) fn failed(kind: &str, name: &str, refused: Refused) -> Failure {
    let (what, cause) = match refused {
        Refused::Absent => ("is not there", None),
        Refused::Changed => ("was changed by somebody else meanwhile", None),
        Refused::Otherwise(said) => ("cannot be read or written", Some(said)),
    };
    let failure = Failure::new(
        "E-CTL-533",
        format!("{kind} {name} of the release {what}"),
        "see with `kubectl auth can-i` what you may, and with `kubectl get` what is there, then run the command again; it goes \
         on where it was",
    );
    match cause {
        Some(cause) => failure.because(cause),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_called_as_the_chart_calls_them() {
        for (release, name) in [
            ("acme", "acme-sigstead-tsa"),
            ("my-sigstead", "my-sigstead-tsa"),
            (
                "a-very-long-name-of-a-release-of-the-cha-rt",
                "a-very-long-name-of-a-release-of-the-cha-sigstead-tsa",
            ),
        ] {
            let link = Link {
                context: None,
                namespace: String::new(),
                release: release.to_owned(),
                pod: None,
            };
            assert_eq!(link.secret("tsa"), name);
        }
    }
}
