//! A service account signs in the cluster that the authority runs in, which shows its keys to its pods only.

use std::process::Command;

use sigstead_integration::{Instance, client, run, sigctl, unshare};

use super::add;
use super::claims::service_account;
use super::provider::Provider;
use super::signer::Signer;

#[test]
fn a_service_account_of_the_home_cluster_signs_with_every_client() {
    let (Some(cosign), Some(python), Some(unshare)) =
        (client::cosign(), client::python(), unshare())
    else {
        return;
    };
    let cluster = Provider::start_cluster(&python);
    assert_eq!(status_without_credential(&cluster), "403");
    let instance = Instance::create("cluster", &[]).unwrap();
    let rule = "release=claims['kubernetes.io'].namespace == 'release'";
    add(
        &instance,
        &["kubernetes", "--issuer", ISSUER, "--allow", rule],
    );
    run(unshare
        .with_mounts()
        .args(["sh", "-ec", POD])
        .arg(sigctl().get_program())
        .arg(instance.directory())
        .arg(cluster.pod())
        .env("KUBERNETES_SERVICE_HOST", "localhost")
        .env("KUBERNETES_SERVICE_PORT", cluster.port().to_string()))
    .unwrap();

    let account = Signer {
        name: "cluster",
        token: cluster.token(ISSUER, "RS256", &service_account("release")),
        issuer: ISSUER,
        identity: "https://kubernetes.io/namespaces/release/serviceaccounts/builder",
        cosign: &[],
        sigctl: &[],
    };
    account.signs(&cosign, &instance);
    let token = cluster.token(ISSUER, "RS256", &service_account("default"));
    Signer { token, ..account }.is_refused(&cosign, &instance);
}

/// What somebody is answered who is no pod.
fn status_without_credential(cluster: &Provider) -> String {
    let url = format!("https://{}/openid/v1/jwks", cluster.host());
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--output", "/dev/null", "--write-out"]);
    curl.args(["%{http_code}", "--cacert"]);
    let output = run(curl.arg(cluster.authority()).arg(url)).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// Starts an instance where a pod finds its credential.
const POD: &str = r#"
mount -t tmpfs pod /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
cp "$2"/* /run/secrets/kubernetes.io/serviceaccount/
exec "$0" up "$1" --detach
"#;
