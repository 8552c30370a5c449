//! A release behind an ingress: nginx with what the Ingresses say, as the ingress controller of that name reads them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::Value;
use sigstead_integration::{client, run};

use super::beginnings::begin;
use super::node::Node;
use super::objects::named;
use super::outside::Outside;
use super::pods::{
    PERSON, cosign_signs, cosign_verifies, node, start_all, test_release, workloads,
};
use super::submission;
use super::{Chart, Objects};

const DOMAIN: &str = "sig.example.com";
const VALUES: &str = "
ingress:
  enabled: true
  className: nginx
  annotations: {nginx.ingress.kubernetes.io/proxy-body-size: 16m}
  grpcAnnotations: {nginx.ingress.kubernetes.io/backend-protocol: GRPC}
  trustedProxies: [127.0.0.1]
caBundle: {existingConfigMap: site-ca}
";

#[test]
fn official_clients_sign_through_the_ingress_by_public_names() {
    let (Some(chart), Some(nginx)) = (Chart::find(), client::nginx()) else {
        return;
    };
    let Some(mut node) = node(&[]) else { return };
    let outside = Outside::make(&mut node, &["--domain", DOMAIN]);
    let values = [outside.values().as_slice(), &[VALUES]].concat();
    let objects = chart.render(&values);
    let public = hosts(&objects);
    let inside = submission::service(&objects).to_owned();
    node.rename(&[public.as_slice(), &[inside]].concat());
    let controller = Controller::start(&mut node, &nginx, &objects);
    begin(&chart, &node, &values);
    start_all(&mut node, &objects, &workloads(&objects));
    test_release(&node, &objects);

    let kit = outside.instance.join("client");
    node.trust(&controller.authority);
    if let Some(bundle) = cosign_signs(&node, &kit, &outside.token) {
        cosign_verifies(&node, &kit, &bundle, &format!("https://oidc.{DOMAIN}"));
    }
    java(&node, &outside, &controller.authority);
    controller.leads_to_every_role(&node, &public);
    node.stop();
}

/// It asks the authority for a certificate by gRPC.
fn java(node: &Node, outside: &Outside, authority: &Path) {
    let Some(classes) = client::sigstore_java() else {
        return;
    };
    let store = node.work().join("trust.p12");
    run(Command::new("keytool")
        .args(["-importcert", "-noprompt", "-alias", "site"])
        .args(["-storetype", "PKCS12", "-storepass", "changeit", "-file"])
        .arg(authority)
        .arg("-keystore")
        .arg(&store))
    .unwrap();
    let file = node.work().join("of-java");
    std::fs::write(&file, "signed through an ingress\n").unwrap();
    let token = node.work().join("token");
    std::fs::write(&token, &outside.token).unwrap();
    let bundle = node.work().join("of-java.sigstore.json");
    let java = |verb: &str| {
        let mut command = node.command("java");
        command
            .arg(format!("-Djavax.net.ssl.trustStore={}", store.display()))
            .arg("-Djavax.net.ssl.trustStorePassword=changeit")
            .arg("-cp")
            .arg(classes.join("*"))
            .arg(client::script("java/Sigstore.java"))
            .arg(verb)
            .arg(outside.instance.join("client"))
            .args([&file, &bundle]);
        command
    };
    run(java("sign").arg(token).arg("2")).unwrap();
    run(java("verify")
        .arg(PERSON)
        .arg(format!("https://oidc.{DOMAIN}")))
    .unwrap();
}

/// Every host of every Ingress.
fn hosts(objects: &Objects) -> Vec<String> {
    let rules = rules(objects).into_iter();
    let mut hosts: Vec<_> = rules
        .map(|(_, rule)| rule["host"].as_str().unwrap().to_owned())
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

/// Each rule with its Ingress.
fn rules(objects: &Objects) -> Vec<(&Value, &Value)> {
    let all = objects.of("Ingress").into_iter();
    all.flat_map(|ingress| {
        let rules = ingress["spec"]["rules"].as_array().unwrap();
        rules.iter().map(move |rule| (ingress, rule))
    })
    .collect()
}

/// nginx in the place of the controller.
struct Controller {
    nginx: Child,
    /// Whom the certificates of all hosts are from.
    authority: PathBuf,
}

impl Controller {
    /// Makes the Secrets that the Ingresses name and the ConfigMap with their authority, and serves all hosts.
    fn start(node: &mut Node, nginx: &Path, objects: &Objects) -> Self {
        let folder = node.work().join("controller");
        std::fs::create_dir(&folder).unwrap();
        let authority = authority(&folder);
        for ingress in objects.of("Ingress") {
            for tls in ingress["spec"]["tls"].as_array().unwrap() {
                certificate(&folder, tls);
            }
        }
        node.storage.give("site-ca", authority.parent().unwrap());
        let path = folder.join("nginx.conf");
        std::fs::write(&path, configuration(&folder, objects)).unwrap();
        let nginx = node.command(nginx).arg("-c").arg(&path).spawn().unwrap();
        Self { nginx, authority }
    }

    /// Each host leads to the pod whose role it names.
    fn leads_to_every_role(&self, node: &Node, hosts: &[String]) {
        for host in hosts {
            let paths = PATHS.iter();
            let mut paths = paths.filter(|(name, _)| host.starts_with(name));
            let (_, path) = paths.next().unwrap_or_else(|| panic!("whose is {host}?"));
            let mut curl = node.command("curl");
            curl.args(["-fsS", "--cacert"]).arg(&self.authority);
            run(curl.arg(format!("https://{host}{path}"))).unwrap();
        }
    }
}

/// What only the role behind a name answers.
const PATHS: [(&str, &str); 8] = [
    ("ca.", "/api/v2/trustBundle"),
    ("ctlog.", "/ct/v1/get-roots"),
    ("ct", "/ct/v1/get-roots"),
    ("tsa.", "/api/v1/timestamp/certchain"),
    ("tuf.", "/timestamp.json"),
    ("oidc.", "/.well-known/openid-configuration"),
    ("log", "/api/v2/checkpoint"),
    ("", "/api/v1/log"),
];

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

/// What the controller of nginx makes of the Ingresses: a server for each host, a location for each path.
fn configuration(folder: &Path, objects: &Objects) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("  {kind}_temp_path {folder}/{kind};\n"));
    let mut text = format!(
        "user root root;\ndaemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n\
         http {{\n  server_names_hash_bucket_size 128;\n  access_log {folder}/access.log;\n{}",
        temporary.concat()
    );
    for host in hosts(objects) {
        writeln!(
            text,
            "  server {{\n    listen 443 ssl http2;\n    server_name {host};"
        )
        .unwrap();
        let of_host = rules(objects).into_iter();
        for (ingress, rule) in of_host.filter(|(_, rule)| rule["host"] == host.as_str()) {
            locations(&mut text, objects, ingress, rule);
        }
        let (ingress, _) = rule_of(objects, &host);
        let secret = ingress["spec"]["tls"][0]["secretName"].as_str().unwrap();
        let file = format!("{folder}/{secret}");
        writeln!(
            text,
            "    ssl_certificate {file}.crt;\n    ssl_certificate_key {file}.key;\n  }}"
        )
        .unwrap();
    }
    text.push_str("}\n");
    text
}

fn rule_of<'a>(objects: &'a Objects, host: &str) -> (&'a Value, &'a Value) {
    let mut all = rules(objects).into_iter();
    all.find(|(_, rule)| rule["host"] == host).unwrap()
}

fn locations(text: &mut String, objects: &Objects, ingress: &Value, rule: &Value) {
    let annotation = |name: &str| {
        let value =
            &ingress["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{name}")];
        value.as_str().map(str::to_owned)
    };
    let (pass, set) = match annotation("backend-protocol").as_deref() {
        Some("GRPC") => ("grpc_pass grpc", "grpc_set_header"),
        None => ("proxy_pass http", "proxy_set_header"),
        Some(other) => panic!("{other}"),
    };
    let body = annotation("proxy-body-size").unwrap_or_else(|| "1m".to_owned());
    for path in rule["http"]["paths"].as_array().unwrap() {
        let port = port(objects, &path["backend"]["service"]);
        let path = path["path"].as_str().unwrap();
        writeln!(
            text,
            "    location {path} {{\n      client_max_body_size {body};\n      {pass}://127.0.0.1:{port};\n      \
             {set} Host $host;\n      {set} X-Forwarded-For $remote_addr;\n      {set} X-Forwarded-Proto $scheme;\n    }}"
        )
        .unwrap();
    }
}

/// The port of the container behind a Service.
fn port(objects: &Objects, backend: &Value) -> u64 {
    let service = objects.named("Service", backend["name"].as_str().unwrap());
    let target = &named(
        &service["spec"]["ports"],
        backend["port"]["name"].as_str().unwrap(),
    )["targetPort"];
    let containers = objects.containers().into_iter();
    let mut ports =
        containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let port = ports.find(|port| port["name"] == *target).unwrap();
    port["containerPort"].as_u64().unwrap()
}

/// An authority that lives as long as the story, in a folder of its own, which is what the ConfigMap has.
fn authority(folder: &Path) -> PathBuf {
    let published = folder.join("authority");
    std::fs::create_dir(&published).unwrap();
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=site -days 1 -keyout ca.key -out authority/ca.crt",
    );
    published.join("ca.crt")
}

/// The Secret that an Ingress names: a certificate for its hosts.
fn certificate(folder: &Path, tls: &Value) {
    let name = tls["secretName"].as_str().unwrap();
    let hosts = tls["hosts"].as_array().unwrap().iter();
    let hosts: Vec<_> = hosts
        .map(|host| format!("DNS:{}", host.as_str().unwrap()))
        .collect();
    std::fs::write(
        folder.join("names"),
        format!("subjectAltName={}\n", hosts.join(",")),
    )
    .unwrap();
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ),
    );
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA authority/ca.crt -CAkey ca.key -days 1 -extfile names -out {name}.crt"
        ),
    );
}

fn openssl(folder: &Path, line: &str) {
    let mut openssl = Command::new("openssl");
    run(openssl.args(line.split_whitespace()).current_dir(folder)).unwrap();
}
