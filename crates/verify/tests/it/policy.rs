//! What can be asked for, and what is told.

use sigstead_verify::{
    Artifact, Bundle, Check, Claim, Pattern, Policy, Signer, Thresholds, Verifier,
};
use sigstead_x509::SubjectAlternativeName;

use crate::recipe::{ARTIFACT, Case, IDENTITY, ISSUER, Kind, Recipe};
use crate::world::{Party, key};

fn refused(case: &Case) -> Option<Check> {
    case.verify().err().map(|failure| failure.check())
}

fn matching(expression: &str) -> Pattern {
    Pattern::matching(expression).unwrap()
}

#[test]
fn a_pattern_is_met_from_the_first_to_the_last_character() {
    let table = [
        (r"alice@example\.com", None),
        (r".*@example\.com", None),
        (r"(?i)ALICE@.*", None),
        (r"bob@.*|alice@.*", None),
        (r"alice@example", Some(Check::Identity)),
        (r"lice@example\.com", Some(Check::Identity)),
        (r"", Some(Check::Identity)),
        (r"bob|alice", Some(Check::Identity)),
        (r"(?m)^alice$", Some(Check::Identity)),
    ];
    for (expression, expected) in table {
        let mut case = Recipe::default().make();
        let pair = (matching(expression), Pattern::exactly(ISSUER));
        case.policy = Policy::any_identity(vec![pair]);
        assert_eq!(refused(&case), expected, "{expression}");
    }
}

#[test]
fn what_is_no_expression_alone_is_none() {
    for expression in ["a)|(b", "(", "(?x)a #", "[", r"(a)\1"] {
        if let Ok(pattern) = Pattern::matching(expression) {
            unreachable!("{expression}: {pattern}");
        }
    }
}

#[test]
fn one_of_several_identities_is_enough_and_each_has_its_own_issuer() {
    let pair =
        |identity: &str, issuer: &str| (Pattern::exactly(identity), Pattern::exactly(issuer));
    let bob = || pair("bob@example.com", ISSUER);
    let elsewhere = || pair(IDENTITY, "https://elsewhere.example.com");
    let table = [
        (vec![bob(), pair(IDENTITY, ISSUER)], None),
        (vec![elsewhere(), pair(IDENTITY, ISSUER)], None),
        (vec![bob()], Some(Check::Identity)),
        (vec![bob(), elsewhere()], Some(Check::Issuer)),
        (vec![], Some(Check::Identity)),
    ];
    for (wanted, expected) in table {
        let mut case = Recipe::default().make();
        case.policy = Policy::any_identity(wanted);
        assert_eq!(refused(&case), expected);
    }
}

#[test]
fn a_refusal_tells_who_was_found() {
    let mut case = Recipe::default().make();
    for policy in [
        Policy::identity("bob@example.com", ISSUER),
        Policy::identity(IDENTITY, "https://issuer.example.com/"),
    ] {
        case.policy = policy;
        let failure = case.verify().unwrap_err();
        let found = &failure.difference().unwrap().found;
        assert!(
            found.contains(IDENTITY) && found.contains(ISSUER),
            "{failure}"
        );
    }
}

#[test]
fn claims_are_compared_and_their_absence_is_a_refusal() {
    let workflow = "https://github.com/example/project/.github/workflows/release.yml";
    let make = || {
        Recipe {
            claims: |claims| {
                claims.source_repository_uri = Some("https://github.com/example/project".to_owned());
                claims.source_repository_ref = Some("refs/heads/main".to_owned());
                claims.source_repository_digest = Some("a1b2".to_owned());
                claims.runner_environment = Some("github-hosted".to_owned());
                claims.build_signer_uri = Some(
                    "https://github.com/example/project/.github/workflows/release.yml@refs/heads/main"
                        .to_owned(),
                );
            },
            ..Recipe::default()
        }
        .make()
    };
    let exactly = Pattern::exactly;
    let table = [
        (
            Claim::SourceRepository,
            exactly("https://github.com/example/project"),
            true,
        ),
        (
            Claim::SourceRepository,
            exactly("https://github.com/example/projects"),
            false,
        ),
        (Claim::SourceRef, exactly("refs/heads/main"), true),
        (Claim::SourceRef, matching("refs/tags/.*"), false),
        (Claim::SourceDigest, exactly("a1b2"), true),
        (Claim::RunnerEnvironment, exactly("self-hosted"), false),
        (Claim::SignerWorkflow, exactly(workflow), true),
        (
            Claim::SignerWorkflow,
            exactly(&format!("{workflow}@refs/heads/main")),
            true,
        ),
        (
            Claim::SignerWorkflow,
            exactly(&format!("{workflow}@refs/heads/other")),
            false,
        ),
        (
            Claim::SignerWorkflow,
            exactly("https://github.com/example"),
            false,
        ),
        (Claim::BuildConfig, matching(".*"), false),
        (Claim::Trigger, exactly(""), false),
    ];
    for (claim, wanted, is_met) in table {
        let mut case = make();
        case.policy = case.policy.with_claim(claim, wanted.clone());
        let expected = (!is_met).then_some(Check::Claim);
        assert_eq!(refused(&case), expected, "{claim:?} {wanted}");
    }
}

#[test]
fn thresholds_are_reached_by_different_services() {
    let thresholds = Thresholds::default();
    let table: [(Recipe, Thresholds, Option<Check>); 6] = [
        (
            Recipe::default(),
            Thresholds {
                timestamps: 1,
                ..thresholds
            },
            None,
        ),
        (
            Recipe {
                stamps: vec![3, 4],
                ..Recipe::default()
            },
            Thresholds {
                timestamps: 2,
                ..thresholds
            },
            Some(Check::TimestampThreshold),
        ),
        (
            Recipe::default(),
            Thresholds {
                entries: 2,
                ..thresholds
            },
            Some(Check::EntryThreshold),
        ),
        (
            Recipe::default(),
            Thresholds {
                promises: 1,
                ..thresholds
            },
            Some(Check::PromiseThreshold),
        ),
        (
            Recipe::rekor1(Kind::HashedRekord1),
            Thresholds {
                promises: 1,
                ..thresholds
            },
            None,
        ),
        (
            Recipe::default(),
            Thresholds {
                scts: 2,
                ..thresholds
            },
            Some(Check::SctMissing),
        ),
    ];
    for (recipe, thresholds, expected) in table {
        let mut case = recipe.make();
        case.policy = case.policy.with_thresholds(thresholds);
        assert_eq!(refused(&case), expected, "{thresholds:?}");
    }
}

#[test]
fn an_instance_without_logs_is_verified_by_its_timestamps() {
    let none = Thresholds {
        entries: 0,
        timestamps: 1,
        promises: 0,
        scts: 0,
    };
    let make = |stamps: Vec<i64>| {
        let mut case = Recipe {
            stamps,
            sct_logs: Some(Vec::new()),
            ..Recipe::default()
        }
        .make();
        case.bundle.verification_material.tlog_entries.clear();
        case.root.tlogs.clear();
        case.policy = case.policy.with_thresholds(none);
        case
    };
    let accepted = make(vec![5]).verify().unwrap();
    assert!(accepted.entries.is_empty());
    assert_eq!(accepted.times.len(), 1);
    assert_eq!(refused(&make(Vec::new())), Some(Check::TimestampThreshold));
    // An entry that is there is verified all the same, if its log is known.
    let mut case = Recipe::default().make();
    case.policy = case.policy.with_thresholds(none);
    case.proof().log_index = 1;
    assert_eq!(refused(&case), Some(Check::Inclusion));
}

#[test]
fn a_predicate_type_is_asked_for_of_attestations_only() {
    let table = [
        (Recipe::envelope(), "https://example.com/predicate", None),
        (
            Recipe::envelope(),
            "https://example.com/other",
            Some(Check::PredicateType),
        ),
        (
            Recipe::default(),
            "https://example.com/predicate",
            Some(Check::PredicateType),
        ),
    ];
    for (recipe, wanted, expected) in table {
        let mut case = recipe.make();
        case.policy = case.policy.with_predicate_type(wanted);
        assert_eq!(refused(&case), expected, "{wanted}");
    }
}

#[test]
fn a_bundle_is_verified_against_the_instance_that_issued_its_certificate() {
    let mine = Recipe::default().make();
    let other = Recipe {
        san: SubjectAlternativeName::Email("bob@example.com".to_owned()),
        ..Recipe::default()
    }
    .make();
    let bundle = Bundle::parse(&mine.bundle.encode()).unwrap();
    let verify = |roots| {
        let verifier = Verifier::of_instances(roots);
        verifier
            .verify(&bundle, Artifact::Bytes(ARTIFACT), &mine.policy)
            .err()
    };
    assert!(verify(vec![other.root.clone(), mine.root.clone()]).is_none());
    assert!(verify(vec![mine.root.clone(), other.root.clone()]).is_none());
    let failure = verify(vec![other.root]).unwrap();
    // Both instances have authorities of the same names, and other keys.
    assert_eq!(failure.check(), Check::Timestamp, "{failure}");
    assert_eq!(verify(Vec::new()).unwrap().check(), Check::TrustedRoot);
}

#[test]
fn parts_of_two_trusted_roots_do_not_add_up() {
    let mut case = Recipe::default().make();
    let mut without_authorities = case.root.clone();
    without_authorities.certificate_authorities.clear();
    case.root.tlogs.clear();
    let bundle = Bundle::parse(&case.bundle.encode()).unwrap();
    let verifier = Verifier::of_instances(vec![case.root.clone(), without_authorities]);
    let verified = verifier.verify(&bundle, Artifact::Bytes(ARTIFACT), &case.policy);
    assert_eq!(verified.unwrap_err().check(), Check::LogUnknown);
}

#[test]
fn everything_that_was_verified_is_told() {
    let recipe = Recipe {
        stamps: vec![5],
        ..Recipe::rekor1(Kind::Dsse1)
    };
    let accepted = recipe.make().verify().unwrap();
    let attestation = accepted.attestation.unwrap();
    assert_eq!(
        attestation.statement.predicate_type,
        "https://example.com/predicate"
    );
    assert_eq!(attestation.subject.name, "artifact");
    let entry = &accepted.entries[0];
    assert_eq!(
        (entry.promised_index, entry.tree_index, entry.tree_size),
        (Some(1003), Some(3), Some(5))
    );
    let urls: Vec<_> = accepted
        .times
        .iter()
        .map(|time| time.url.as_str())
        .collect();
    assert_eq!(
        urls,
        ["https://tsa.example.com", "https://rekor1.example.com"]
    );
    let Signer::Identity(signer) = accepted.signer else {
        unreachable!("a certificate signed");
    };
    assert_eq!(signer.claims.issuer, ISSUER);
}

#[test]
fn an_index_that_nobody_signed_is_not_told() {
    let recipe = Recipe {
        has_promise: false,
        stamps: vec![5],
        ..Recipe::rekor1(Kind::HashedRekord1)
    };
    let mut case = recipe.make();
    case.entry().log_index = 999_999;
    let accepted = case.verify().unwrap();
    let entry = &accepted.entries[0];
    assert_eq!((entry.promised_index, entry.index()), (None, Some(3)));
}

#[test]
fn an_explanation_ends_with_the_check_that_failed() {
    let case = Recipe::default().make();
    let bundle = Bundle::parse(&case.bundle.encode()).unwrap();
    let explain = |policy: &Policy| {
        Verifier::new(case.root.clone()).explain(&bundle, Artifact::Bytes(ARTIFACT), policy)
    };
    let accepted = explain(&case.policy);
    assert!(accepted.outcome.is_ok());
    assert!(
        accepted
            .steps
            .iter()
            .any(|step| step.check == Check::Issuer)
    );
    let refused = explain(&Policy::identity(IDENTITY, "https://other.example.com"));
    assert_eq!(refused.outcome.unwrap_err().check(), Check::Issuer);
    let passed: Vec<_> = refused.steps.iter().map(|step| step.check).collect();
    assert_eq!(
        passed,
        accepted
            .steps
            .iter()
            .map(|step| step.check)
            .take(passed.len())
            .collect::<Vec<_>>()
    );
    assert!(!passed.contains(&Check::Issuer));
}

#[test]
fn another_instance_of_the_same_root_name_is_another_instance() {
    let recipe = Recipe {
        issuer: Some(Party::root("root").intermediate()),
        sct_logs: Some(vec![key()]),
        ..Recipe::default()
    };
    assert_eq!(refused(&recipe.make()), Some(Check::CertificateChain));
}
