//! The decade as a table: what is begun in which month.

/// In months.
pub(crate) const YEAR: u32 = 12;

/// Something that an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A key, a chain or a log is followed by another one. It is ended as soon as the times of the plan allow.
    Rotation(&'static str),
    /// People sign the next root.
    Ceremony(Wish),
    /// A key is in other hands.
    Emergency(&'static str),
    /// All services stop for so many months. Then people sign the next root, since that of before has ended.
    Sleep { months: u32, then: Wish },
}

impl Act {
    /// What is changed by the ceremony that it is or ends with.
    pub(crate) fn wish(&self) -> Option<&Wish> {
        match self {
            Self::Ceremony(wish) | Self::Sleep { then: wish, .. } => Some(wish),
            Self::Rotation(_) | Self::Emergency(_) => None,
        }
    }
}

/// What a ceremony changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    /// As `sigctl ceremony new` takes it.
    pub(crate) changes: &'static [&'static str],
    /// Who joins, and with a key of which algorithm.
    pub(crate) join: &'static [(&'static str, &'static str)],
    /// Whose signatures make the root. The key is the one with which she joins, if she does, and in `sign_before` the one that
    /// she has when the ceremony begins.
    pub(crate) sign: &'static [&'static str],
    pub(crate) sign_before: &'static [&'static str],
    pub(crate) note: Note,
}

/// What a ceremony is remembered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    First,
    SamePeople,
    LostKey,
    AllReplaced,
    OtherAlgorithm,
    OtherThreshold,
}

/// In which month what is begun, from the beginning on. What cannot be begun yet, because a rotation of the same is under way, is
/// begun as soon as it can.
pub(crate) const CALENDAR: &[(u32, Act)] = &[
    (1, V2),
    (2, TSA),
    (3, FIRST),
    (4, OIDC),
    (5, V1),
    (7, CT),
    (9, INTERMEDIATE),
    (11, V2),
    (12, TSA),
    (14, AGAIN),
    (16, OIDC),
    (19, ROOT),
    (22, V2),
    (23, TSA),
    (25, LOST),
    (27, V1),
    (28, OIDC),
    (29, CT),
    (32, V2),
    (33, TSA),
    (36, ALL),
    (38, INTERMEDIATE),
    (40, OIDC),
    (42, V2),
    (43, TSA),
    (45, V1),
    (46, CT),
    (48, AGAIN_DAVE),
    (50, OIDC),
    (51, Act::Emergency("ca-intermediate")),
    (52, V2),
    (53, TSA),
    (56, INTERMEDIATE),
    (58, AGAIN_DAVE),
    (64, SLEEP),
    (89, V2),
    (90, TSA),
    (91, V1),
    (92, CT),
    (93, OIDC),
    (94, INTERMEDIATE),
    (96, ALGORITHM),
    (97, V2),
    (98, TSA),
    (100, ROOT),
    (102, OIDC),
    (104, V2),
    (105, THRESHOLD),
    (106, TSA),
    (107, V1),
    (108, CT),
    (110, INTERMEDIATE),
    (111, OIDC),
    (112, V2),
    (113, TSA),
    (114, AGAIN_OF_THREE),
];

const V2: Act = Act::Rotation("rekor-v2");
const V1: Act = Act::Rotation("rekor-v1");
const TSA: Act = Act::Rotation("tsa");
const CT: Act = Act::Rotation("ct");
const INTERMEDIATE: Act = Act::Rotation("ca-intermediate");
const ROOT: Act = Act::Rotation("ca-root");
const OIDC: Act = Act::Rotation("oidc");

const FIRST: Act = Act::Ceremony(Wish {
    changes: &[
        "--replace",
        "operator=alice",
        "--add",
        "bob",
        "--add",
        "carol",
        "--threshold",
        "2",
    ],
    join: &[("alice", P256), ("bob", P256), ("carol", P256)],
    sign_before: &["operator"],
    sign: &["alice", "bob"],
    note: Note::First,
});
const AGAIN: Act = same_people(&["bob", "carol"]);
const LOST: Act = Act::Ceremony(Wish {
    changes: &["--replace", "carol=carol"],
    join: &[("carol", P256)],
    sign_before: &["alice", "bob"],
    sign: &[],
    note: Note::LostKey,
});
const ALL: Act = Act::Ceremony(Wish {
    changes: &[
        "--replace",
        "alice=dave",
        "--replace",
        "bob=erin",
        "--replace",
        "carol=frank",
    ],
    join: &[("dave", P256), ("erin", P256), ("frank", P256)],
    sign_before: &["alice", "carol"],
    sign: &["dave", "frank"],
    note: Note::AllReplaced,
});
const AGAIN_DAVE: Act = same_people(&["dave", "erin"]);
const ALGORITHM: Act = Act::Ceremony(Wish {
    changes: &[
        "--replace",
        "dave=dave",
        "--replace",
        "erin=erin",
        "--replace",
        "frank=frank",
    ],
    join: &[("dave", ED25519), ("erin", ED25519), ("frank", ED25519)],
    sign_before: &["dave", "erin"],
    sign: &["dave", "erin"],
    note: Note::OtherAlgorithm,
});
const THRESHOLD: Act = Act::Ceremony(Wish {
    changes: &["--add", "gina", "--threshold", "3"],
    join: &[("gina", ED25519)],
    sign_before: &["dave", "erin"],
    sign: &["gina"],
    note: Note::OtherThreshold,
});
const AGAIN_OF_THREE: Act = same_people(&["dave", "frank", "gina"]);

const SLEEP: Act = Act::Sleep {
    months: 2 * YEAR,
    then: wish_for_the_same(&["dave", "erin"]),
};

const fn same_people(sign_before: &'static [&'static str]) -> Act {
    Act::Ceremony(wish_for_the_same(sign_before))
}

const fn wish_for_the_same(sign_before: &'static [&'static str]) -> Wish {
    Wish {
        changes: &[],
        join: &[],
        sign_before,
        sign: &[],
        note: Note::SamePeople,
    }
}

const P256: &str = "ecdsa-p256";
const ED25519: &str = "ed25519";

#[test]
fn the_calendar_of_ten_years_has_what_was_promised() {
    let count =
        |is_it: &dyn Fn(&Act) -> bool| CALENDAR.iter().filter(|(_, act)| is_it(act)).count();
    let rotations = |role: &str| count(&|act| matches!(act, Act::Rotation(name) if *name == role));
    for (role, least) in [
        ("rekor-v2", 10),
        ("tsa", 10),
        ("rekor-v1", 5),
        ("ct", 5),
        ("ca-intermediate", 5),
        ("ca-root", 2),
        ("oidc", 8),
    ] {
        assert!(rotations(role) >= least, "{role}");
    }
    let ceremonies = |note: Option<Note>| {
        let is_noted = |wish: &Wish| note.is_none_or(|note| wish.note == note);
        count(&|act| act.wish().is_some_and(is_noted))
    };
    assert!(ceremonies(None) >= 10);
    for note in [Note::LostKey, Note::AllReplaced, Note::OtherAlgorithm] {
        assert_eq!(ceremonies(Some(note)), 1, "{note:?}");
    }
    assert_eq!(count(&|act| matches!(act, Act::Emergency(_))), 1);
    let sleeps = CALENDAR.iter().filter_map(|(_, act)| match act {
        Act::Sleep { months, .. } => Some(*months),
        _ => None,
    });
    assert_eq!(sleeps.collect::<Vec<_>>(), [2 * YEAR]);
    assert!(CALENDAR.is_sorted_by_key(|(month, _)| *month));
    assert!(CALENDAR.iter().all(|(month, _)| *month < 10 * YEAR));
}
