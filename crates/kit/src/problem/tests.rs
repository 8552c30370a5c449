use http_body_util::BodyExt;

use super::*;

async fn body_of(response: Response) -> String {
    String::from_utf8(
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    )
    .unwrap()
}

const ALL: &[(Kind, u16, i32)] = &[
    (Kind::InvalidArgument, 400, 3),
    (Kind::Unauthenticated, 401, 16),
    (Kind::PermissionDenied, 403, 7),
    (Kind::NotFound, 404, 5),
    (Kind::AlreadyExists, 409, 6),
    (Kind::FailedPrecondition, 400, 9),
    (Kind::ResourceExhausted, 429, 8),
    (Kind::MethodNotAllowed, 405, 12),
    (Kind::PayloadTooLarge, 413, 8),
    (Kind::UnsupportedMediaType, 415, 3),
    (Kind::Unprocessable, 422, 3),
    (Kind::Unimplemented, 501, 12),
    (Kind::Cancelled, 499, 1),
    (Kind::Unavailable, 503, 14),
    (Kind::DeadlineExceeded, 504, 4),
    (Kind::Internal, 500, 13),
];

#[test]
fn every_kind_maps_to_the_codes_of_the_table() {
    for (kind, http, grpc) in ALL {
        assert_eq!(kind.http_status().as_u16(), *http, "{kind:?}");
        assert_eq!(kind.grpc_code() as i32, *grpc, "{kind:?}");
    }
}

#[tokio::test]
async fn every_style_has_the_body_that_its_clients_expect() {
    let problem = Problem::new(Kind::AlreadyExists, "E-T-001", "it is there; use it");
    let expected = [
        (
            BodyStyle::Gateway,
            r#"{"code":6,"details":[],"message":"E-T-001: it is there; use it"}"#,
        ),
        (
            BodyStyle::Rekor1,
            r#"{"code":409,"message":"E-T-001: it is there; use it"}"#,
        ),
        (
            BodyStyle::HttpCode,
            r#"{"code":409,"message":"E-T-001: it is there; use it"}"#,
        ),
        (BodyStyle::Text, "Conflict\nE-T-001: it is there; use it\n"),
        (
            BodyStyle::OAuth,
            r#"{"error":"invalid_request","error_description":"E-T-001: it is there; use it"}"#,
        ),
    ];
    for (style, body) in expected {
        let response = problem.response(style);
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()[CODE_HEADER], "E-T-001");
        assert_eq!(body_of(response).await, body, "{style:?}");
    }
}

#[tokio::test]
async fn rekor_v1_answers_an_unknown_entry_with_an_empty_body() {
    let response = Problem::new(Kind::NotFound, "E-T-002", "nothing").response(BodyStyle::Rekor1);
    assert_eq!(response.status(), 404);
    assert_eq!(body_of(response).await, "");
}

#[tokio::test]
async fn the_detail_never_leaves_the_process() {
    let problem = Problem::internal("E-T-003", "the password of the database is wrong");
    for style in [
        BodyStyle::Gateway,
        BodyStyle::Rekor1,
        BodyStyle::Text,
        BodyStyle::OAuth,
    ] {
        assert!(!body_of(problem.response(style)).await.contains("password"));
    }
    let status = tonic::Status::from(problem);
    assert_eq!(status.message(), format!("E-T-003: {INTERNAL_MESSAGE}"));
    assert_eq!(status.metadata().get(CODE_HEADER).unwrap(), "E-T-003");
}

#[test]
fn overload_says_when_to_come_back() {
    let default = Problem::new(Kind::ResourceExhausted, "E-T-004", "full");
    assert_eq!(
        default.response(BodyStyle::Text).headers()["retry-after"],
        "1"
    );
    let exact = Problem::new(Kind::Unavailable, "E-T-005", "soon")
        .with_retry_after(Duration::from_millis(2_100));
    assert_eq!(
        exact.response(BodyStyle::Text).headers()["retry-after"],
        "3"
    );
    let refused = Problem::new(Kind::InvalidArgument, "E-T-006", "no");
    assert!(
        !refused
            .response(BodyStyle::Text)
            .headers()
            .contains_key("retry-after")
    );
}
