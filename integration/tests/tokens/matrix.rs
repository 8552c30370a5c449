//! Every case on every route, and the sound token of its issuer on the same route.

use std::collections::BTreeSet;

use serde_json::json;

use crate::case::{Case, Expected, refused, set};
use crate::cases;
use crate::draft::Base;
use crate::route::{Answer, Route};
use crate::world::{ASKED, AWAY, World};

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_out_as_the_table_says_on_every_route() {
    let world = World::new().await;
    let cases = cases::all();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    let is_refused = |case: &&Case| matches!(case.expected, Expected::Refused { .. });
    let refused = cases.iter().filter(is_refused).count();
    assert!(refused >= 300, "only {refused} cases are refused");
    let bases: Vec<Base> = cases.iter().map(|case| case.base).collect();
    accepts_sound_tokens(&world, &bases).await;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for case in &cases {
        let (token, name) = (case.token(&world.keys), case.base.name());
        for route in Route::ALL.into_iter().filter(|route| route.carries(&token)) {
            asked += 1;
            let issued = world.record.states().len();
            let found = route.ask(&world, &token, &name).await;
            if !is_as_expected(&found, &case.expected, route) {
                wrong.push(format!("{} {route:?}: {found:?}", case.name));
            }
            if found != Answer::Accepted {
                assert_eq!(world.record.states().len(), issued, "{}", case.name);
            }
        }
    }
    // Nothing that was refused has spoiled anything for what is sound.
    accepts_sound_tokens(&world, &bases).await;
    let all = cases.len();
    println!("{all} cases, {refused} of them refused, {asked} requests");
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The token that the cases of a base change is good on each route, before and behind them: what refuses them is the change.
async fn accepts_sound_tokens(world: &World, bases: &[Base]) {
    let mut seen: Vec<Base> = Vec::new();
    for base in bases {
        if seen.contains(base) {
            continue;
        }
        seen.push(*base);
        for route in Route::ALL {
            let sound = base.draft().sign(&world.keys);
            let found = route.ask(world, &sound, &base.name()).await;
            assert_eq!(found, Answer::Accepted, "{base:?} {route:?}");
        }
    }
}

/// Nobody can say of a token whether it is good while its issuer is away, so these have a status of their own.
#[tokio::test]
async fn a_token_whose_key_cannot_be_had_is_told_from_one_that_is_no_good() {
    for route in Route::ALL {
        let world = World::new().await;
        let token = |issuer: &str, header: Option<&str>| {
            let case = Case {
                name: String::new(),
                base: Base::People,
                change: set("iss", json!(issuer)),
                expected: Expected::Accepted,
            };
            let token = case.token(&world.keys);
            match header {
                None => token,
                Some(header) => {
                    let rest = token.split_once('.').unwrap().1;
                    format!("{}.{rest}", crate::key::encode(header))
                }
            }
        };
        let name = Base::People.name();
        let sound = route.ask(&world, &token(ASKED, None), &name).await;
        assert_eq!(sound, Answer::Accepted, "{route:?}");
        let unavailable = |code: &'static str, says: &str| Expected::Refused {
            code,
            check: "signature",
            says: says.to_owned(),
        };
        let away = route.ask(&world, &token(AWAY, None), &name).await;
        let expected = unavailable("E-CA-013", "");
        assert!(
            is_as_expected(&away, &expected, route),
            "{route:?} {away:?}"
        );
        // The first may be of a new key, so the issuer is asked. Nobody is asked again for what anybody can make up.
        let unknown = refused("signature", "publishes no key for this token");
        let just_asked = unavailable("E-CA-016", "published no key");
        for (kid, expected) in [("new", unknown), ("newer", just_asked)] {
            let header = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
            let found = route.ask(&world, &token(ASKED, Some(&header)), &name).await;
            assert!(
                is_as_expected(&found, &expected, route),
                "{route:?} {found:?}"
            );
        }
    }
}

pub(crate) fn is_as_expected(found: &Answer, expected: &Expected, route: Route) -> bool {
    match (found, expected) {
        (Answer::Accepted, Expected::Accepted) => true,
        (Answer::Refused { by, sentence }, Expected::Refused { code, check, says }) => {
            let (http, grpc) = statuses(code);
            let is_by = match route {
                Route::Admin => by == check,
                Route::Grpc | Route::GrpcMetadata | Route::GrpcRequest => {
                    *by == format!("{code} {grpc:?}")
                }
                _ => *by == format!("{code} {http} {grpc:?}"),
            };
            // Administrators learn what decided, callers do not.
            let hides = *code == "E-CA-034" && route == Route::Admin;
            is_by && (hides || sentence.contains(says.as_str()))
        }
        _ => false,
    }
}

fn statuses(code: &str) -> (u16, tonic::Code) {
    match code {
        "E-CA-004" => (400, tonic::Code::InvalidArgument),
        "E-CA-034" => (403, tonic::Code::PermissionDenied),
        "E-CA-013" | "E-CA-016" => (503, tonic::Code::Unavailable),
        other => panic!("{other} is no code of this table"),
    }
}
