//! What rules allow, what they deny, and what is refused before it is a rule.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

use serde_json::{Value, json};
use sigstead_rules::{Effect, Facts, Fault, Rule, RuleConfig, RuleError, Rules, Verdict};

fn rule(name: &str, rule: &str) -> RuleConfig {
    RuleConfig {
        name: name.to_owned(),
        rule: rule.to_owned(),
    }
}

fn workflow() -> Value {
    json!({
        "iss": "https://token.actions.githubusercontent.com",
        "sub": "repo:acme/shop:ref:refs/heads/main",
        "repository": "acme/shop",
        "repository_owner_id": "4711",
        "ref": "refs/heads/main",
        "event_name": "push",
        "run_attempt": 2,
        "large": 18_446_744_073_709_551_615_u64,
        "share": 0.5,
        "email_verified": true,
        "groups": ["release", "staff"],
        "kubernetes.io": {"namespace": "build", "pod": null},
    })
}

fn decide<'a>(rules: &'a Rules, claims: &Value) -> Verdict<'a> {
    rules.decide(&Facts {
        claims: claims.as_object().unwrap(),
        san: "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main",
        issuer: "https://token.actions.githubusercontent.com",
        kind: "ci-provider",
    })
}

fn holds(expression: &str) -> bool {
    let rules = Rules::compile(&[rule("it", expression)], &[], false)
        .unwrap_or_else(|error| panic!("{expression}: {error}"));
    decide(&rules, &workflow()) == Verdict::Allowed { by: Some("it") }
}

#[test]
fn a_rule_sees_claims_san_issuer_and_type() {
    for expression in [
        "claims.repository_owner_id == '4711'",
        "claims.repository.startsWith('acme/') && claims.ref == 'refs/heads/main'",
        "claims['kubernetes.io'].namespace == 'build'",
        "claims['kubernetes.io']['pod'] == null",
        "san.endsWith('/release.yml@refs/heads/main')",
        "issuer == claims.iss",
        "type == 'ci-provider'",
        "'release' in claims.groups",
        "claims.groups.exists(group, group == 'staff')",
        "claims.groups.all(group, group.size() > 3)",
        "claims.groups.filter(group, group.contains('a')).size() == 2",
        "claims.groups.map(group, group + '!')[0] == 'release!'",
        "claims.groups.exists_one(group, group == 'staff')",
        "size(claims.groups) == 2",
        "has(claims.ref) && !has(claims.head_ref)",
        "claims.run_attempt == 2 && claims.run_attempt < 3",
        "claims.large > 0u",
        "claims.share == 0.5 && claims.email_verified",
        "claims.ref.matches('^refs/(heads|tags)/[a-z]+$')",
        "int(claims.repository_owner_id) == 4711",
        "string(claims.run_attempt) == '2'",
        "(claims.event_name == 'push' ? 1 : 0) == 1",
        "claims.event_name in ['push', 'workflow_dispatch']",
        "{'push': true}[claims.event_name]",
        "claims.absent == 'x' || claims.event_name == 'push'",
    ] {
        assert!(holds(expression), "{expression}");
        assert!(!holds(&format!("!({expression})")), "not {expression}");
    }
}

#[test]
fn a_rule_that_cannot_tell_allows_nobody_and_denies_everybody() {
    for expression in [
        "claims.absent == 'x'",
        "claims.repository",
        "claims.run_attempt",
        "claims.groups.exists(group, group.absent)",
        "claims.groups[7] == 'x'",
        "claims.repository < 3",
        "claims.run_attempt / 0 == 1",
        "int(claims.repository) == 1",
        "size(claims.run_attempt) == 1",
    ] {
        let rules = Rules::compile(&[rule("allow", expression)], &[], false).unwrap();
        assert_eq!(
            decide(&rules, &workflow()),
            Verdict::NotAllowed,
            "{expression}"
        );
        let everybody = [rule("everybody", "true")];
        let rules = Rules::compile(&everybody, &[rule("deny", expression)], false).unwrap();
        let denied = Verdict::Denied { by: "deny" };
        assert_eq!(decide(&rules, &workflow()), denied, "{expression}");
    }
}

#[test]
fn what_denies_wins_and_what_allows_is_named() {
    let allow = [
        rule("other team", "claims.repository_owner_id == '1'"),
        rule("our team", "claims.repository_owner_id == '4711'"),
    ];
    let deny = [rule("pull requests", "claims.event_name == 'pull_request'")];
    let rules = Rules::compile(&allow, &deny, true).unwrap();
    let allowed = Verdict::Allowed {
        by: Some("our team"),
    };
    assert_eq!(decide(&rules, &workflow()), allowed);
    let mut pull_request = workflow();
    pull_request["event_name"] = json!("pull_request");
    let denied = Verdict::Denied {
        by: "pull requests",
    };
    assert_eq!(decide(&rules, &pull_request), denied);
    let mut other = workflow();
    other["repository_owner_id"] = json!("2");
    assert_eq!(decide(&rules, &other), Verdict::NotAllowed);
}

#[test]
fn an_issuer_that_serves_strangers_needs_a_rule_that_allows() {
    let none = Rules::compile(&[], &[], true).unwrap();
    assert!(none.refuse_everybody());
    assert_eq!(decide(&none, &workflow()), Verdict::NotAllowed);
    let own = Rules::compile(&[], &[], false).unwrap();
    assert!(!own.refuse_everybody());
    assert_eq!(decide(&own, &workflow()), Verdict::Allowed { by: None });
    let denies = Rules::compile(&[], &[rule("nobody", "false")], false).unwrap();
    assert_eq!(decide(&denies, &workflow()), Verdict::Allowed { by: None });
}

#[test]
fn claims_that_are_larger_than_a_loop_may_be_are_not_judged() {
    let rules = Rules::compile(&[rule("all", "true")], &[], false).unwrap();
    for (claim, what) in [
        (json!(vec![0; 257]), "257"),
        (json!([[vec![0; 257]]]), "nested"),
        (json!({"a": vec![0; 257]}), "in an object"),
        (json!("x".repeat((16 << 10) + 1)), "text"),
    ] {
        let claims = json!({ "groups": claim });
        let verdict = decide(&rules, &claims);
        assert!(matches!(verdict, Verdict::Unanswerable { .. }), "{what}");
    }
    let claims = json!({ "groups": vec![0; 256], "text": "x".repeat(16 << 10) });
    let allowed = Verdict::Allowed { by: Some("all") };
    assert_eq!(decide(&rules, &claims), allowed);
}

#[test]
fn each_rule_tells_its_writer_what_it_said() {
    let allow = [rule("main", "claims.ref == 'refs/heads/main'")];
    let deny = [rule("fork", "claims.fork"), rule("bot", "false")];
    let rules = Rules::compile(&allow, &deny, false).unwrap();
    let claims = workflow();
    let outcomes = rules.outcomes(&Facts {
        claims: claims.as_object().unwrap(),
        san: "",
        issuer: "",
        kind: "",
    });
    let [fork, bot, main] = outcomes.as_slice() else {
        panic!("{outcomes:?}");
    };
    assert_eq!((fork.rule, fork.effect), ("fork", Effect::Deny));
    let reason = fork.holds.as_ref().unwrap_err();
    assert!(reason.contains("fork"), "{reason}");
    assert_eq!((bot.rule, &bot.holds), ("bot", &Ok(false)));
    assert_eq!((main.effect, &main.holds), (Effect::Allow, &Ok(true)));
}

#[test]
fn an_expression_that_could_only_fail_is_refused_with_its_place() {
    for (expression, place, says) in [
        ("clams.ref == 'x'", (1, 1), "no clams"),
        ("true &&\n  claim.ref == 'x'", (2, 3), "no claim;"),
        ("claims.ref.lower() == 'x'", (1, 12), "no function lower"),
        ("now() > 1", (1, 1), "no function now"),
        ("matches(claims.ref, claims.pattern)", (1, 1), "written out"),
        ("claims.ref.matches(claims.pattern)", (1, 12), "written out"),
        (
            "claims.ref.matches('(')",
            (1, 12),
            "not a regular expression",
        ),
        (
            "claims.a.exists(x, claims.b.exists(y, x == y))",
            (1, 29),
            "within one another",
        ),
        (
            "google.protobuf.Int64Value{value: 1} == 1",
            (1, 17),
            "a message",
        ),
        ("claims.a.orValue(1) == 1", (1, 10), "no function orValue"),
        ("x == 1", (1, 1), "no x"),
        (
            "true &&\n  'ü' == claims.ref.lower ('x')",
            (2, 21),
            "no function lower",
        ),
    ] {
        let Err(RuleError::Refused {
            line,
            column,
            fault,
            name,
        }) = Rule::compile(&rule("it", expression))
        else {
            panic!("{expression} is not refused for what it does");
        };
        let found = fault.to_string();
        assert!(found.contains(says), "{expression}: {found}");
        assert_eq!(
            (name.as_str(), (line, column)),
            ("it", place),
            "{expression}"
        );
    }
}

#[test]
fn an_expression_of_another_language_is_refused_with_its_place() {
    for expression in [
        "",
        "claims.ref ==",
        "claims.ref = 'x'",
        "a b",
        "'unfinished",
    ] {
        let refused = Rule::compile(&rule("it", expression)).unwrap_err();
        assert!(matches!(refused, RuleError::Syntax { .. }), "{refused:?}");
    }
    let refused = Rule::compile(&rule("it", "true &&\n  && false")).unwrap_err();
    assert!(
        matches!(
            refused,
            RuleError::Syntax {
                line: 2,
                column: 3,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn cost_is_bounded_before_an_expression_is_run() {
    let deep = format!("{}true{}", "!(".repeat(40), ")".repeat(40));
    let wide = vec!["true"; 500].join(" && ");
    let heavy = format!(
        "claims.groups.exists(x, {})",
        vec!["x == 'a'"; 40].join(" || ")
    );
    for (expression, says) in [
        (deep.as_str(), "deeper"),
        (heavy.as_str(), "more than"),
        (&"x".repeat(4097), "at most 4096"),
    ] {
        let refused = Rule::compile(&rule("it", expression)).unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    assert!(Rule::compile(&rule("it", &wide)).is_ok());
}

/// Brackets cost the parser its stack, also those that leave nothing behind.
#[test]
fn brackets_nest_thirty_two_levels_and_no_more() {
    for (open, middle, close) in [("(", "true", ")"), ("[", "1", "]"), ("{1:", "1", "}")] {
        let nested =
            |levels: usize| format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
        let deepest = Rule::compile(&rule("it", &nested(32)));
        assert!(deepest.is_ok(), "{deepest:?}");
        let refused = Rule::compile(&rule("it", &format!("true ||\n{}", nested(33)))).unwrap_err();
        let (line, column) = (2, 32 * open.len() + 1);
        let fault = Fault::TooDeep(32);
        let name = "it".to_owned();
        let expected = RuleError::Refused {
            name,
            line,
            column,
            fault,
        };
        assert_eq!(refused, expected);
    }
    // What is within a text opens nothing.
    let text = format!("claims.ref == '{}'", "(".repeat(99));
    assert!(Rule::compile(&rule("it", &text)).is_ok());
}

#[test]
fn no_expression_uses_up_the_stack() {
    for (open, middle, close) in [
        ("(", "true", ")"),
        ("[", "", "]"),
        ("!(", "true", ")"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("{1:", "1", "}"),
        ("true?", "1", ":1"),
        ("true?1:", "1", ""),
        ("size(", "[]", ")"),
        ("", "claims", ".a"),
        ("", "claims", "[0]"),
        ("1+", "1", ""),
        ("1==", "1", ""),
        ("true||", "true", ""),
        ("[].all(x,", "true", ")"),
        ("1==1+1*-[", "1", "][0].a"),
        ("[1,[", "1", "]]"),
    ] {
        let most = (4096 - middle.len()) / (open.len() + close.len());
        // As many as there may be, and as many brackets as reach the parser.
        for times in [most, most.min(32)] {
            let expression = format!("{}{middle}{}", open.repeat(times), close.repeat(times));
            // Taken or refused, the process goes on.
            let _answer = Rule::compile(&rule("it", &expression));
        }
    }
}

#[test]
fn names_are_there_once_and_readable() {
    let long = "x".repeat(65);
    for name in ["", " ", "a\nb", "ü", long.as_str()] {
        let refused = Rule::compile(&rule(name, "true")).unwrap_err();
        assert_eq!(refused, RuleError::Name, "{name:?}");
    }
    let twice = Rules::compile(&[rule("a", "true")], &[rule("a", "true")], false);
    assert_eq!(twice.unwrap_err(), RuleError::NameTwice("a".to_owned()));
}
