use std::collections::BTreeSet;
use std::error::Error as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sigstead_note::{KeyName, VerifierKey};
use sigstead_witness::{Error, Policy, WitnessName};

use crate::world::{Log, ORIGIN, Pair, TIME};

/// The example of the specification, with keys.
fn example() -> String {
    let key = |name: &str, n| Pair::new(n).vkey(name, 4);
    format!(
        "# An example.\n\
         log {}\n\
         \n\
         witness X1 {} https://x1.example/w\n\
         witness X2 {}\n\
         \t witness  X3\t{} \n\
         group X-witnesses 2 X1 X2 X3\n\
         \x20# Others.\n\
         witness Y1 {}\n\
         witness Y2 {}\n\
         witness Y3 {}\n\
         group Y-witnesses any Y1 Y2 Y3\n\
         group X-and-Y all X-witnesses Y-witnesses\n\
         quorum X-and-Y\n",
        Log::new().pair.vkey(ORIGIN, 1),
        key("x1", 1),
        key("x2", 2),
        key("x3", 3),
        key("y1", 4),
        key("y2", 5),
        key("y3", 6),
    )
}

fn names(policy: &Policy, wanted: &str) -> BTreeSet<WitnessName> {
    let wanted: Vec<_> = wanted.split_whitespace().collect();
    let names = policy.witnesses().iter().map(|witness| &witness.name);
    let names = names.filter(|name| wanted.contains(&name.as_str()));
    names.cloned().collect()
}

#[test]
fn reads_the_example_of_the_specification() {
    let policy = Policy::parse(&example()).unwrap();
    assert_eq!(policy.logs().len(), 1);
    assert_eq!(policy.witnesses().len(), 6);
    assert!(policy.needs_cosignatures());
    let table = [
        ("", false),
        ("X1 X2", false),
        ("X1 Y1 Y2 Y3", false),
        ("X1 X2 Y1", true),
        ("X2 X3 Y3", true),
        ("X1 X2 X3 Y1 Y2 Y3", true),
    ];
    for (cosigned, is_met) in table {
        assert_eq!(
            policy.is_met(&names(&policy, cosigned)),
            is_met,
            "{cosigned}"
        );
    }
    assert_eq!(Policy::parse(&policy.to_string()).unwrap(), policy);
}

#[test]
fn a_policy_may_need_nobody() {
    let policy = Policy::parse("quorum none\n").unwrap();
    assert!(!policy.needs_cosignatures());
    assert!(policy.is_met(&BTreeSet::new()));
    assert_eq!(policy.to_string(), "quorum none\n");
}

#[test]
fn a_policy_may_need_one_witness_and_define_more_behind_the_quorum() {
    let (one, other) = (Pair::new(1).vkey("w", 4), Pair::new(2).vkey("v", 4));
    let text = format!("witness any {one}\nquorum any\nwitness 1 {other}\n");
    let policy = Policy::parse(&text).unwrap();
    assert!(policy.is_met(&names(&policy, "any")));
    assert!(!policy.is_met(&names(&policy, "1")));
}

#[test]
fn knows_its_logs() {
    let log = Log::new();
    let p256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";
    let spki = STANDARD.decode(p256).unwrap();
    let public_key = sigstead_key::PublicKey::from_spki_der(&spki).unwrap();
    let ecdsa = VerifierKey::new(KeyName::parse("rekor.example").unwrap(), public_key);
    let vkey = STANDARD.encode([&[2], spki.as_slice()].concat());
    let lines = [
        format!(
            "log {} https://log.example.com/\n",
            log.pair.vkey(ORIGIN, 1)
        ),
        format!("log rekor.example+{}+{vkey}\n", ecdsa.key_id()),
    ];
    let both = Policy::parse(&format!("{}quorum none\n", lines.concat())).unwrap();
    assert!(both.is_for(&log.key()) && both.is_for(&ecdsa));
    assert_eq!(Policy::parse(&both.to_string()).unwrap(), both);
    let one = Policy::parse(&format!("{}quorum none\n", lines[1])).unwrap();
    assert!(!one.is_for(&log.key()));
    let none = Policy::parse("quorum none\n").unwrap();
    assert!(none.is_for(&log.key()));
}

#[test]
fn submits_below_the_prefix_of_the_witness() {
    let table = [
        ("https://w.example", "https://w.example/add-checkpoint"),
        ("https://w.example/", "https://w.example/add-checkpoint"),
        (
            "http://[::1]:7380/a/b",
            "http://[::1]:7380/a/b/add-checkpoint",
        ),
        (
            "https://w.example/a%20b//",
            "https://w.example/a%20b/add-checkpoint",
        ),
    ];
    for (url, submission) in table {
        let vkey = Pair::new(1).vkey("w", 4);
        let policy = Policy::parse(&format!("witness w {vkey} {url}\nquorum w\n")).unwrap();
        let found = policy.witnesses()[0].add_checkpoint_url().unwrap();
        assert_eq!(found.as_str(), submission);
    }
}

#[test]
fn refuses_a_malformed_policy_and_says_what_to_write() {
    let w = |name: &str, n| format!("witness {name} {}", Pair::new(n).vkey(name, 4));
    let (a, b, c) = (w("a", 1), w("b", 2), w("c", 3));
    let log = Log::new().pair.vkey(ORIGIN, 1);
    let table = [
        ("quorum none".to_owned(), 1, "does not end with a line feed"),
        ("quorum none\r\n".to_owned(), 1, "no carriage returns"),
        ("quorum\u{c}none\n".to_owned(), 1, "control character"),
        ("#\nQuorum none\n".to_owned(), 2, "opens no line"),
        ("quorum\u{a0}none\n".to_owned(), 1, "opens no line"),
        (
            "quorum\n".to_owned(),
            1,
            "write `quorum <witness, group or none>`",
        ),
        (
            "quorum none # nobody\n".to_owned(),
            1,
            "wrong number of words",
        ),
        (
            "quorum none\n\nquorum none\n".to_owned(),
            3,
            "one quorum line",
        ),
        ("quorum a\n".to_owned(), 1, "not defined above"),
        (format!("quorum a\n{a}\n"), 1, "not defined above"),
        ("log\n".to_owned(), 1, "write `log <key> [<url>]`"),
        ("log x\n".to_owned(), 1, "verifier key"),
        (
            format!("log {log}\nlog {log} https://x.example\n"),
            2,
            "earlier line",
        ),
        (
            format!("log {log}\nlog {}\n", Log::new().pair.vkey("x", 1)),
            2,
            "earlier line",
        ),
        (
            format!("log {}\n", Pair::new(1).vkey("x", 4)),
            1,
            "0x01 (Ed25519) or 0x02",
        ),
        (
            format!("log {}\n", Pair::new(1).vkey("x", 2)),
            1,
            "verifier key",
        ),
        (format!("log {log} a b\n"), 1, "wrong number of words"),
        (
            "witness a\n".to_owned(),
            1,
            "write `witness <name> <key> [<url>]`",
        ),
        (format!("witness a {log}\n"), 1, "type 0x04"),
        (format!("{a} x y\n"), 1, "wrong number of words"),
        (format!("{a} x\n"), 1, "is not the url"),
        (format!("{a} ftp://x.example/\n"), 1, "is not the url"),
        (format!("{a} https://u@x.example/\n"), 1, "is not the url"),
        (format!("{a} https://u:p@x.example/\n"), 1, "is not the url"),
        (format!("{a} https://x.example/?a\n"), 1, "is not the url"),
        (format!("{a} https://x.example/#a\n"), 1, "is not the url"),
        (format!("{}\n", w("none", 1)), 1, "choose another name"),
        (
            format!("{a}\n{}\n", a.replace("witness a", "witness b")),
            2,
            "listed once",
        ),
        (format!("{a}\n{}\n", w("b", 1)), 2, "listed once"),
        (format!("{a}\n{}\n", w("a", 2)), 2, "name of their own"),
        ("group g\n".to_owned(), 1, "write `group <name>"),
        ("group g any\n".to_owned(), 1, "write `group <name>"),
        ("group g any g\n".to_owned(), 1, "not defined above"),
        (format!("{a}\ngroup g any a none\n"), 2, "not defined above"),
        (format!("{a}\ngroup g 0 a\n"), 2, "from 1 to 1"),
        (format!("{a}\ngroup g 2 a\n"), 2, "from 1 to 1"),
        (format!("{a}\ngroup g 01 a\n"), 2, "from 1 to 1"),
        (format!("{a}\ngroup g +1 a\n"), 2, "from 1 to 1"),
        (format!("{a}\ngroup g most a\n"), 2, "write `any`, `all`"),
        (
            format!("{a}\ngroup g any a a\n"),
            2,
            "counts in one place only",
        ),
        (
            format!("{a}\n{b}\ngroup g any a\ngroup h any a b\n"),
            4,
            "counts in one place only",
        ),
        (
            format!("{a}\n{b}\n{c}\ngroup g any a b\ngroup h any g\ngroup i any c g\n"),
            6,
            "counts in one place only",
        ),
        (format!("{a}\ngroup a any a\n"), 2, "name of their own"),
        (format!("{a}\ngroup none any a\n"), 2, "choose another name"),
    ];
    for (text, line, sentence) in table {
        let refused = Policy::parse(&text).unwrap_err();
        let Error::Policy {
            line: found,
            source,
        } = &refused
        else {
            panic!("{text}: {refused:?}");
        };
        let mut sentences = source.to_string();
        if let Some(cause) = source.source() {
            sentences += &cause.to_string();
        }
        assert_eq!(*found, line, "{text}{sentences}");
        assert!(sentences.contains(sentence), "{text}{sentences}");
        assert_eq!(
            refused.to_string(),
            format!("line {line} of the witness policy")
        );
    }
}

#[test]
fn refuses_a_policy_without_quorum() {
    for text in ["", "# none\n", "\n"] {
        assert!(matches!(Policy::parse(text), Err(Error::QuorumMissing)));
    }
}

#[test]
fn reads_as_much_as_any_policy_needs_and_no_more() {
    let witness = |n: u8| format!("witness w{n} {}\n", Pair::new(n).vkey("w", 4));
    let log = |n: u8| format!("log {}\n", Pair::new(n).vkey("l", 1));
    let group = |n: u8| format!("group g{n} any w{n}\n");
    let all = |count| {
        (0..count)
            .map(witness)
            .chain((0..count).map(log))
            .chain((0..count).map(group))
    };
    let enough: String = all(64).chain(["quorum g63\n".to_owned()]).collect();
    assert_eq!(Policy::parse(&enough).unwrap().witnesses().len(), 64);
    for more in [witness(64), log(64), "group h any g0\n".to_owned()] {
        let refused = Policy::parse(&format!("{enough}{more}")).unwrap_err();
        assert!(
            matches!(refused, Error::Policy { line: 194, .. }),
            "{refused:?}"
        );
    }
    let long = format!("{}quorum none\n", "# words\n".repeat(10_000));
    assert!(matches!(Policy::parse(&long), Err(Error::PolicyTooLong(_))));
}

#[test]
fn counts_the_witnesses_whose_cosignatures_verify() {
    let policy = Policy::parse(&example()).unwrap();
    let log = Log::new();
    let mut note = log.note(&log.head(5));
    assert!(policy.cosigned(&note).is_empty());
    let text = note.text.clone();
    note.signatures.extend([
        Pair::new(1).cosign("x1", &text, TIME),
        Pair::new(2).cosign("x2", "other\n", TIME),
        Pair::new(4).cosign("x3", &text, TIME),
        Pair::new(6).cosign("y3", &text, TIME),
        Pair::new(7).cosign("y4", &text, TIME),
    ]);
    assert_eq!(policy.cosigned(&note), names(&policy, "X1 Y3"));
}

/// A policy as a list of groups, each of which takes some of the names that are left.
#[derive(Debug, Clone)]
struct Plan {
    witnesses: u8,
    groups: Vec<(usize, usize)>,
    cosigned: u8,
}

fn plan() -> impl Strategy<Value = Plan> {
    let groups = prop::collection::vec((0..4_usize, 0..4_usize), 0..6);
    (1..8_u8, groups, any::<u8>()).prop_map(|(witnesses, groups, cosigned)| Plan {
        witnesses,
        groups,
        cosigned,
    })
}

impl Plan {
    /// The text, the names that cosigned, and whether they suffice.
    fn play(&self) -> (String, String, bool) {
        let (mut text, mut cosigned) = (String::new(), String::new());
        let mut left = Vec::new();
        for n in 0..self.witnesses {
            let has_cosigned = self.cosigned >> n & 1 == 1;
            text += &format!(
                "witness w{n} {} https://w{n}.example/\n",
                Pair::new(n).vkey("w", 4)
            );
            if has_cosigned {
                cosigned += &format!(" w{n}");
            }
            left.push((format!("w{n}"), has_cosigned));
        }
        for (number, (members, threshold)) in self.groups.iter().enumerate() {
            let members: Vec<_> = left.drain(..=*members.min(&(left.len() - 1))).collect();
            let threshold = 1 + threshold % members.len();
            let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
            text += &format!("group g{number} {threshold} {}\n", names.join(" "));
            let met = members.iter().filter(|(_, met)| *met).count();
            left.push((format!("g{number}"), met >= threshold));
        }
        let (quorum, is_met) = left.pop().unwrap();
        text += &format!("quorum {quorum}\n");
        (text, cosigned, is_met)
    }
}

proptest! {
    #[test]
    fn reads_what_it_writes_and_counts_as_it_says(plan in plan()) {
        let (text, cosigned, is_met) = plan.play();
        let policy = Policy::parse(&text).unwrap();
        prop_assert_eq!(policy.to_string(), text);
        prop_assert_eq!(policy.is_met(&names(&policy, &cosigned)), is_met);
    }

    #[test]
    fn any_text_is_read_or_refused(words in "((log|witness|group|quorum|a|none|any|1|#| |\t|\n){0,6}\n){0,6}") {
        if let Ok(policy) = Policy::parse(&words) {
            prop_assert_eq!(Policy::parse(&policy.to_string()).unwrap(), policy);
        }
    }
}
