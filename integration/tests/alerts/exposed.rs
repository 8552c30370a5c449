//! What an alert asks for is what services have.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use sigstead_integration::{Instance, Prober, SERVICES, client, run, sigctl, wait_for};

use super::Rules;
use crate::dashboards;

#[test]
fn every_measure_of_an_alert_or_a_dashboard_is_one_that_a_running_service_has() {
    let instance = used();
    let mut texts = SERVICES.map(|service| metrics(&instance, service)).to_vec();
    texts.extend([probed(&instance), backed_up(&instance), drilled(&instance)]);
    let lines = texts.iter().flat_map(|text| text.lines());
    let samples = lines.filter(|line| !line.starts_with('#'));
    let exposed: BTreeSet<_> = samples
        .map(|line| line.split(['{', ' ']).next().unwrap())
        .collect();
    let rules = Rules::read();
    let dashboards = dashboards::all();
    let panels = dashboards.iter().flat_map(|(name, dashboard)| {
        let expressions = dashboards::expressions(dashboard).into_iter();
        expressions.map(|expression| (name.clone(), expression))
    });
    let alerts = rules.expressions().into_iter();
    let alerts = alerts.map(|(alert, expression)| (alert.to_owned(), expression.to_owned()));
    let mut count = 0;
    for (asking, expression) in alerts.chain(panels) {
        let names = measures(&expression);
        assert!(!names.is_empty(), "{asking} asks for nothing: {expression}");
        for name in names {
            // Prometheus makes the one, and what watches a cluster the others.
            let is_theirs = name == "up" || name.starts_with("kube_cronjob_");
            let is_there = is_theirs || exposed.contains(name.as_str());
            assert!(is_there, "{asking} asks for {name}, which no service has");
            count += 1;
        }
    }
    assert!(count > 2 * rules.names().len());
}

#[test]
fn promtool_accepts_what_services_expose() {
    let Some(promtool) = client::promtool() else {
        return;
    };
    let instance = used();
    let texts = SERVICES.map(|service| (service, metrics(&instance, service)));
    let others = [
        ("probe", probed(&instance)),
        ("backup", backed_up(&instance)),
        ("drill", drilled(&instance)),
    ];
    for (service, text) in texts.into_iter().chain(others) {
        let mut check = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = check.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        let judged = check.wait_with_output().unwrap();
        let said = String::from_utf8(judged.stderr).unwrap();
        // It ends with 3 if it only finds names unusual.
        assert!(
            [Some(0), Some(3)].contains(&judged.status.code()),
            "{service}: {said}"
        );
        let unusual = said.lines().filter(|line| !line.is_empty());
        let unusual = unusual.filter(|line| !UPSTREAM.iter().any(|name| line.starts_with(name)));
        assert_eq!(unusual.collect::<Vec<_>>(), [""; 0], "{service}");
    }
}

#[test]
fn the_measures_of_an_expression_are_found_among_its_words() {
    for (expression, expected) in [
        (
            "up == 0 and on (job, instance) max_over_time(a_b[1d])",
            &["up", "a_b"][..],
        ),
        (
            "sum by (le, x) (rate(c_bucket{code=~\"5..|g(1)\"}[5m]) * on (job) group_left (s) d) > 0.05",
            &["c_bucket", "d"],
        ),
        (
            "a == 1 unless b == 1 or time() - c{e=\"f\"} > 9",
            &["a", "b", "c"],
        ),
    ] {
        assert_eq!(measures(expression), expected, "{expression}");
    }
}

/// An instance through whose every service a signature has gone.
fn used() -> Instance {
    let instance = Instance::start("alerts", &[]).unwrap();
    let (file, bundle) = (instance.work().join("file"), instance.work().join("bundle"));
    std::fs::write(&file, "measured\n").unwrap();
    let mut sign = sigctl();
    sign.arg("sign").arg(instance.directory()).arg(&file);
    sign.args(["--identity", "person@example.com", "--bundle"]);
    run(sign.arg(&bundle)).unwrap();
    run(sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    instance
}

fn metrics(instance: &Instance, service: &str) -> String {
    let manifest = std::fs::read_to_string(instance.directory().join("instance.yaml")).unwrap();
    let manifest: serde_json::Value = serde_yaml::from_str(&manifest).unwrap();
    let port = &manifest["ports"][service]["ops"];
    let url = format!("http://127.0.0.1:{port}/metrics");
    let answer = run(Command::new("curl").args(["-fsS", &url])).unwrap();
    String::from_utf8(answer.stdout).unwrap()
}

/// What a prober measures that has no good token, so that something fails.
fn probed(instance: &Instance) -> String {
    let (token, state) = (instance.work().join("token"), instance.work().join("state"));
    std::fs::write(&token, "none").unwrap();
    let paths = [instance.directory(), token, state];
    let [directory, token, state] = paths.each_ref().map(|path| path.to_str().unwrap());
    let arguments = [directory, "--identity-token-file", token, "--state", state];
    let prober = Prober::start(&arguments).unwrap();
    let counted = "sigstead_probe_failures_total{";
    wait_for("a round", || prober.metrics().unwrap().contains(counted)).unwrap();
    prober.metrics().unwrap()
}

/// What a backup leaves for the node exporter.
fn backed_up(instance: &Instance) -> String {
    let file = instance.work().join("backup.prom");
    let mut backup = sigctl();
    backup
        .arg("backup")
        .arg(instance.directory())
        .arg(instance.work().join("backup"))
        .env("SIGCTL_BACKUP_PASSPHRASE", "correct horse battery staple");
    run(backup.arg("--textfile").arg(&file)).unwrap();
    std::fs::read_to_string(file).unwrap()
}

/// What a drill with that backup leaves for it.
fn drilled(instance: &Instance) -> String {
    let file = instance.work().join("drill.prom");
    let mut drill = sigctl();
    drill
        .arg("drill")
        .arg(instance.work().join("backup"))
        .env("SIGCTL_BACKUP_PASSPHRASE", "correct horse battery staple");
    run(drill.arg("--textfile").arg(&file)).unwrap();
    std::fs::read_to_string(file).unwrap()
}

/// The names of series in an expression: words that are no function, no label and no word of the language.
fn measures(expression: &str) -> Vec<String> {
    let plain = without(&without(expression, '{', '}'), '[', ']');
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    let mut rest = plain.as_str();
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic()) {
        let from = &rest[start..];
        let end = from.find(|letter| !is_word(letter)).unwrap_or(from.len());
        let (word, behind) = from.split_at(end);
        rest = behind;
        if TAKES_LABELS.contains(&word) {
            rest = behind.split_once(')').unwrap().1;
        } else if !behind.starts_with('(') && !JOINS.contains(&word) {
            found.push(word.to_owned());
        }
    }
    found
}

/// The text without what is in brackets of a kind, none of which hold one another.
fn without(text: &str, open: char, close: char) -> String {
    let mut is_inside = false;
    let outside = text.chars().filter(|letter| {
        is_inside |= *letter == open;
        let is_outside = !is_inside;
        is_inside &= *letter != close;
        is_outside
    });
    outside.collect()
}

const TAKES_LABELS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
const JOINS: [&str; 8] = ["and", "or", "unless", "sum", "min", "max", "count", "bool"];
/// The names that Fulcio's and Rekor's dashboards ask for, which are not as promtool would have them.
const UPSTREAM: [&str; 4] = [
    "fulcio_new_certs",
    "fulcio_api_latency",
    "rekor_new_entries",
    "rekor_v2_new_hashedrekord_entries",
];
