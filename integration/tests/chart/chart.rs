//! Helm over the chart of this checkout.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sigstead_integration::client;
use tempfile::NamedTempFile;

use crate::objects::Objects;

/// The least that a real instance is told, as `sigctl kubernetes lay-out` writes it.
pub(crate) const SECRETS: &str = "
keys: {source: secrets}
instance: {name: acme, domain: sig.example.com}
ctlog: {config: {origin: log1.ct.sig.example.com}}
tlog:
  config:
    logs:
      - face: rekor-v1
        origin: rekor.sig.example.com
        tree_id: '5604237091514666124'
        key: {uri: 'file:/etc/sigstead/keys/rekor-v1.key', passphrase_file: /etc/sigstead/keys/passphrase}
        data: /var/lib/sigstead/rekor-v1
        anchor: /var/lib/sigstead-anchor/rekor-v1
      - face: rekor-v2
        origin: log1.rekor.sig.example.com
        key: {uri: 'file:/etc/sigstead/keys/rekor-v2.key', passphrase_file: /etc/sigstead/keys/passphrase}
        data: /var/lib/sigstead/rekor-v2
        anchor: /var/lib/sigstead-anchor/rekor-v2
";

/// Everything that is off by default, on.
pub(crate) const EVERYTHING: &str = "
ingress: {enabled: true, className: nginx, annotations: {a: b}, grpcAnnotations: {c: d}, trustedProxies: [10.0.0.0/8]}
networkPolicy: {metricsFrom: [{namespaceSelector: {}}]}
metrics: {serviceMonitor: {enabled: true}, rules: {enabled: true}, dashboards: {enabled: true}}
ca: {clusterIssuer: true}
tsa: {autoscaling: {enabled: true}}
probe: {enabled: true}
backup:
  enabled: true
  passphraseSecret: a-passphrase
  bucket: {address: 's3://backups/acme', credentialsSecret: a-bucket}
caBundle: {existingConfigMap: site-ca}
proxy: {url: 'http://proxy:3128'}
";

/// Backups on a volume, and a restore from there.
pub(crate) const RESTORE: &str = "
backup: {enabled: true, passphraseSecret: a-passphrase, existingClaim: backups}
restore: {role: tlog, from: a.tar.age}
";

/// Helm, and the chart.
pub(crate) struct Chart {
    helm: PathBuf,
}

impl Chart {
    /// `None` where Helm is not installed, and then the test is skipped.
    pub(crate) fn find() -> Option<Self> {
        client::helm().map(|helm| Self { helm })
    }

    /// Where the chart is.
    pub(crate) fn folder() -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        root.join("helm/sigstead")
    }

    /// What Helm makes of values, each a document over the ones before.
    pub(crate) fn render(&self, values: &[&str]) -> Objects {
        self.render_as("acme", "team-a", values)
    }

    /// The same for another release.
    pub(crate) fn render_as(&self, release: &str, namespace: &str, values: &[&str]) -> Objects {
        let output = self.template(release, namespace, values);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        Objects::parse(&String::from_utf8(output.stdout).unwrap())
    }

    /// Why Helm refuses values.
    pub(crate) fn refusal(&self, values: &[&str]) -> String {
        let output = self.template("acme", "team-a", values);
        assert!(!output.status.success(), "{values:?} were not refused");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// `helm lint --strict`.
    pub(crate) fn lint(&self, values: &[&str]) -> Output {
        let files = files(values);
        let mut lint = Command::new(&self.helm);
        lint.args(["lint", "--strict", "--kube-version", "1.34.0"])
            .arg(Self::folder());
        for file in &files {
            lint.arg("--values").arg(file.path());
        }
        lint.output().unwrap()
    }

    fn template(&self, release: &str, namespace: &str, values: &[&str]) -> Output {
        let files = files(values);
        let mut template = Command::new(&self.helm);
        template
            .args(["template", release])
            .arg(Self::folder())
            .args(["--namespace", namespace, "--kube-version", "1.34.0"]);
        for file in &files {
            template.arg("--values").arg(file.path());
        }
        template.output().unwrap()
    }
}

pub(crate) fn files(values: &[&str]) -> Vec<NamedTempFile> {
    let write = |text: &&str| {
        let mut file = NamedTempFile::with_suffix(".yaml").unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    };
    values.iter().map(write).collect()
}
