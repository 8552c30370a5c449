//! Each alert over series of its own: one under which it must fire, and those under which it must not.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use sigstead_integration::{client, run};

use super::Rules;
use crate::backup_cases::BACKUP_CASES;
use crate::cases::{CASES, Case};
use crate::probe_cases::PROBE_CASES;

#[test]
fn every_alert_fires_and_stays_silent() {
    let (rules, all) = (Rules::read(), all());
    for (fires, expected) in [
        (true, "a case in which it fires"),
        (false, "one in which not"),
    ] {
        let cases = all.iter().filter(|case| case.fires == fires);
        let tested: BTreeSet<_> = cases.map(|case| case.alert).collect();
        let untested: Vec<_> = rules.names().difference(&tested).copied().collect();
        assert!(untested.is_empty(), "{untested:?} have not {expected}");
        assert!(tested.is_subset(&rules.names()));
    }
    let Some(promtool) = client::promtool() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tests.yaml");
    std::fs::write(&file, text(&all)).unwrap();
    let mut test = Command::new(promtool);
    run(test.args(["test", "rules"]).arg(&file)).unwrap();
}

/// promtool finds out itself that a case is wrong.
#[test]
fn an_alert_that_fires_where_it_should_not_is_found() {
    let Some(promtool) = client::promtool() else {
        return;
    };
    for case in all() {
        let other = Case {
            fires: !case.fires,
            ..case
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tests.yaml");
        std::fs::write(&file, text(&[other])).unwrap();
        let mut test = Command::new(&promtool);
        let judged = test.args(["test", "rules"]).arg(&file).output().unwrap();
        assert!(!judged.status.success(), "{} {}", case.alert, case.series);
    }
}

fn all() -> Vec<Case> {
    [CASES, BACKUP_CASES, PROBE_CASES].concat()
}

/// The cases as promtool takes them. What fires is a series that Prometheus makes itself.
fn text(cases: &[Case]) -> String {
    let rules = Rules::path();
    let mut text = format!(
        "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n",
        rules.display()
    );
    for case in cases {
        text.push_str("  - interval: 1m\n    input_series:\n");
        for line in case.series.lines().map(str::trim) {
            let (series, values) = line.rsplit_once(": ").unwrap();
            writeln!(
                text,
                "      - series: \"{series}\"\n        values: '{values}'"
            )
            .unwrap();
        }
        let expected = match case.fires {
            true => "\n          - {labels: '{}', value: 1}",
            false => " []",
        };
        writeln!(
            text,
            "    promql_expr_test:\n      - expr: count(ALERTS{{alertname=\"{}\",alertstate=\"firing\"}})\n        \
             eval_time: {}m\n        exp_samples:{expected}",
            case.alert, case.after_minutes
        )
        .unwrap();
    }
    text
}
