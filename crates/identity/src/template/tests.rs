use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

/// What Go made of these templates; the folder says how.
const VECTORS: &str = include_str!("../../testdata/go-template/vectors.json");

#[derive(Deserialize)]
struct Vectors {
    claims: BTreeMap<String, String>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    template: String,
    output: Option<String>,
    malformed: bool,
}

/// What Go evaluates and this language leaves out, with what is said about it.
const LEFT_OUT: [(&str, &str); 42] = [
    (
        "{{.}}",
        "the dot alone is not supported in templates of this file",
    ),
    (
        "{{ . }}",
        "the dot alone is not supported in templates of this file",
    ),
    (
        "{{.1}}",
        "the number .1 is not supported in templates of this file",
    ),
    (
        "{{.url|}}",
        "an argument of what is no function is not expected here",
    ),
    (
        "{{\"a\\tb\"}}",
        "the escape \\t is not supported in templates of this file",
    ),
    (
        "{{'a'}}",
        "a character in single quotes is not supported in templates of this file",
    ),
    (
        "{{01}}",
        "the number 01 is not supported in templates of this file",
    ),
    (
        "{{1.5}}",
        "the number 1.5 is not supported in templates of this file",
    ),
    (
        "{{0x10}}",
        "the number 0x10 is not supported in templates of this file",
    ),
    (
        "{{1e3}}",
        "the number 1e3 is not supported in templates of this file",
    ),
    (
        "{{1_000}}",
        "the number 1_000 is not supported in templates of this file",
    ),
    (
        "{{true}}",
        "true is not supported in templates of this file",
    ),
    (
        "{{false}}",
        "false is not supported in templates of this file",
    ),
    (
        "{{$}}",
        "a variable ($) is not supported in templates of this file",
    ),
    (
        "{{$x := .url}}",
        "a variable ($) is not supported in templates of this file",
    ),
    (
        "{{lt 1 2}}",
        "lt is not supported in templates of this file",
    ),
    (
        "{{len .ref}}",
        "len is not supported in templates of this file",
    ),
    ("{{or .empty 1}}", "or takes values of one kind"),
    ("{{index .}}", INDEX),
    ("{{index . .ref}}", INDEX),
    ("{{printf \"%s\"}}", PRINTF),
    ("{{printf \"x\" .ref}}", PRINTF),
    ("{{printf \"%v\" .ref}}", PRINTF),
    ("{{printf \"%q\" .ref}}", PRINTF),
    ("{{printf \"%d\" 1}}", PRINTF),
    ("{{printf \"%5s\" .ref}}", PRINTF),
    ("{{printf .ref}}", PRINTF),
    ("{{printf \"%s\" 1}}", PRINTF),
    ("{{printf \"%s\" (eq 1 1)}}", PRINTF),
    ("{{printf \"%\"}}", PRINTF),
    ("{{.ref | printf}}", PRINTF),
    (
        "{{range .}}{{end}}",
        "range is not supported in templates of this file",
    ),
    (
        "{{with .ref}}{{.}}{{end}}",
        "with is not supported in templates of this file",
    ),
    (
        "{{define \"x\"}}{{end}}",
        "define is not supported in templates of this file",
    ),
    (
        "{{block \"x\" .}}{{end}}",
        "block is not supported in templates of this file",
    ),
    (
        "{{html .ref}}",
        "html is not supported in templates of this file",
    ),
    (
        "{{js .ref}}",
        "js is not supported in templates of this file",
    ),
    (
        "{{urlquery .ref}}",
        "urlquery is not supported in templates of this file",
    ),
    (
        "{{print .ref}}",
        "print is not supported in templates of this file",
    ),
    (
        "{{println .ref}}",
        "println is not supported in templates of this file",
    ),
    (
        "{{slice .ref 1}}",
        "slice is not supported in templates of this file",
    ),
    (
        "{{lt .ref .url}}",
        "lt is not supported in templates of this file",
    ),
];
const PRINTF: &str = "printf takes a format in quotes with a text for every %s, and no other verbs";
const INDEX: &str = "index takes the dot and the name of a claim in quotes";

fn evaluate(text: &str, claims: &BTreeMap<String, String>) -> Result<String, Error> {
    let template = Template::parse(text).unwrap();
    template.evaluate(&|claim| Ok(claims.get(claim).cloned()))
}

#[test]
fn makes_what_go_makes() {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    let (mut evaluated, mut left_out) = (0, Vec::new());
    for Vector {
        template,
        output,
        malformed,
    } in &vectors.vectors
    {
        let parsed = Template::parse(template);
        if let (Err(fault), Some(_)) = (&parsed, output) {
            left_out.push((template.as_str(), fault.problem.to_string()));
            continue;
        }
        assert!(!malformed || parsed.is_err(), "{template}: {parsed:?}");
        if parsed.is_ok() {
            let ours = evaluate(template, &vectors.claims).ok();
            assert_eq!(ours, *output, "{template}");
            evaluated += 1;
        }
    }
    assert_eq!(
        left_out,
        LEFT_OUT.map(|(text, problem)| (text, problem.to_owned()))
    );
    assert!(evaluated > 90, "{evaluated}");
}

#[test]
fn says_where_a_template_goes_wrong() {
    for (text, expected) in [
        (
            "{{.a}}\n ä{{range .}}",
            "line 2, column 5: range is not supported in templates of this file",
        ),
        (
            "{{ toUpper .a }}",
            "line 1, column 4: there is no function toUpper",
        ),
        ("{{.a", "line 1, column 5: the action is not closed"),
        ("{{/* a", "line 1, column 1: the comment is not closed"),
        (
            "{{\"a}}",
            "line 1, column 3: the text in quotes is not closed",
        ),
        ("x{{}}", "line 1, column 4: the action is empty"),
        ("{{if .a}}b", "line 1, column 10: if stands without end"),
        ("{{end}}", "line 1, column 6: end is not expected here"),
        (
            "{{if .a}}{{else}}{{else}}{{end}}",
            "line 1, column 24: a second else is not expected here",
        ),
        ("{{.a\"b\"}}", "line 1, column 5: '\"' is not expected here"),
        (
            "{{eq .a}}",
            "line 1, column 3: eq takes two values of one kind, or more",
        ),
        ("{{(.a}}", "line 1, column 6: }} is not expected here"),
    ] {
        let fault = Template::parse(text).unwrap_err().to_string();
        assert_eq!(fault, expected, "{text}");
    }
}

#[test]
fn a_claim_that_is_missing_is_named() {
    let claims = BTreeMap::from([("a".to_owned(), String::new())]);
    for text in [
        "missing",
        "{{.missing}}",
        "{{eq .a .missing}}",
        "{{if .missing}}{{end}}",
    ] {
        assert!(
            matches!(evaluate(text, &claims), Err(Error::ClaimMissing { claim }) if claim == "missing"),
            "{text}"
        );
    }
    assert_eq!(evaluate("a", &claims).unwrap(), "");
    assert_eq!(evaluate("{{index . \"missing\"}}", &claims).unwrap(), "");
}

#[test]
fn length_and_depth_have_bounds() {
    let long = |bytes: usize| "a".repeat(bytes);
    assert!(Template::parse(&long(4096)).is_ok());
    let fault = Template::parse(&long(4097)).unwrap_err();
    assert_eq!(fault.problem, Problem::TooLong);
    let nested = |depth| format!("{{{{{}.a{}}}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(Template::parse(&nested(16)).is_ok());
    assert_eq!(
        Template::parse(&nested(17)).unwrap_err().problem,
        Problem::TooDeep
    );
    let chain = |length: usize| {
        format!(
            "{{{{if .a}}}}{}{{{{end}}}}",
            "{{else if .a}}".repeat(length)
        )
    };
    assert!(Template::parse(&chain(15)).is_ok());
    assert_eq!(
        Template::parse(&chain(16)).unwrap_err().problem,
        Problem::TooDeep
    );
    // What is piped nests without parentheses.
    assert!(Template::parse(&format!("{{{{.a{}}}}}", "|not".repeat(1000))).is_ok());
}
