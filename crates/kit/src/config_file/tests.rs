use serde::Deserialize;

use super::*;
use crate::{ListenConfig, Listeners};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[expect(dead_code, reason = "only its presence matters")]
    name: String,
    listeners: Listeners,
}

const GOOD: &str =
    "name: a\nlisteners:\n  public:\n    address: 127.0.0.1:80\n  ops: {address: '127.0.0.1:81'}\n";

fn refusal(text: &str) -> String {
    parse::<Sample>(Path::new("ca.yaml"), text)
        .unwrap_err()
        .to_string()
}

#[test]
fn reads_a_configuration() {
    let sample: Sample = parse(Path::new("ca.yaml"), GOOD).unwrap();
    assert_eq!(
        sample.listeners.public,
        ListenConfig::plain("127.0.0.1:80".parse().unwrap())
    );
}

#[test]
fn refuses_an_unknown_key_with_its_place_and_the_nearest_name() {
    let text = refusal(&GOOD.replace("    address", "    adress"));
    assert!(text.starts_with("ca.yaml:4:5: listeners.public"), "{text}");
    assert!(text.contains("unknown field `adress`"), "{text}");
    assert!(text.ends_with("did you mean `address`?"), "{text}");
}

#[test]
fn refuses_a_value_of_the_wrong_form_with_its_place() {
    let text = refusal(&GOOD.replace("127.0.0.1:80\n", "localhost\n"));
    assert!(text.starts_with("ca.yaml:4:"), "{text}");
    assert!(text.contains("listeners.public.address: "), "{text}");
}

#[test]
fn refuses_a_key_that_stands_twice() {
    let text = refusal(&format!("{GOOD}name: b\n"));
    assert!(text.contains("duplicate"), "{text}");
    assert!(text.contains("name"), "{text}");
}

#[test]
fn refuses_a_missing_key_by_its_name() {
    let text = refusal("name: a\n");
    assert!(text.contains("missing field `listeners`"), "{text}");
}

#[test]
fn refuses_what_is_not_yaml_with_its_place() {
    let text = refusal("name: [a\n");
    assert!(text.starts_with("ca.yaml:"), "{text}");
}

#[test]
fn names_the_file_that_is_missing() {
    let error = read_config::<Sample>("/nowhere/ca.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the configuration /nowhere/ca.yaml"
    );
}
