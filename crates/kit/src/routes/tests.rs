use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use tower::ServiceExt;

use super::*;
use crate::{Path, Query};

const SMALL: Budget = Budget {
    read_time: Duration::from_millis(50),
    work_time: Duration::from_millis(50),
    ..Budget::new(8, 1)
};

#[derive(Deserialize)]
struct Page {
    first: u64,
}

async fn echo(body: Bytes) -> Bytes {
    body
}

async fn conflict() -> Response {
    let problem = Problem::new(Kind::AlreadyExists, "E-T-001", "it is there");
    ([("location", "/there")], problem).into_response()
}

async fn hang() {
    std::future::pending::<()>().await;
}

async fn fall() {
    panic!("the secret of the house");
}

async fn room(Path((number, rest)): Path<(u8, String)>) -> String {
    format!("{number}: {rest}")
}

fn router() -> Router {
    let gateway = Routes::new(BodyStyle::Gateway)
        .post("/echo", SMALL, echo)
        .get("/hang", SMALL, hang)
        .get("/fall", SMALL, fall)
        .get("/page", SMALL, |Query(page): Query<Page>| async move {
            page.first.to_string()
        })
        .get("/rooms/{number}/{*rest}", SMALL, room)
        .get(
            "/state",
            SMALL,
            |State(word): State<&'static str>| async move { word },
        )
        .healthz();
    let rekor = Routes::new(BodyStyle::Rekor1)
        .post("/conflict", SMALL, conflict)
        .get("/echo", SMALL, || async { "got" });
    gateway
        .merge(rekor)
        .cors_any_origin(&["location"])
        .with_state("known")
        .into_router()
}

async fn call(method: Method, path: &str, body: impl Into<Body>) -> (StatusCode, Response) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(body.into())
        .unwrap();
    let response = router().oneshot(request).await.unwrap();
    (response.status(), response)
}

async fn text(response: Response) -> String {
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

#[tokio::test]
async fn a_body_at_the_limit_reaches_the_handler_and_one_above_does_not() {
    let (status, response) = call(Method::POST, "/echo", "12345678").await;
    assert_eq!(
        (status.as_u16(), text(response).await.as_str()),
        (200, "12345678")
    );
    let (status, response) = call(Method::POST, "/echo", "123456789").await;
    assert_eq!(status, 413);
    assert_eq!(response.headers()["sigstead-code"], "E-KIT-004");
    assert!(text(response).await.contains("the 8 bytes that"));
}

#[tokio::test]
async fn a_body_in_pieces_is_joined_and_counted() {
    for (pieces, expected) in [
        (vec!["12", "34", "56"], 200),
        (vec!["1234", "5678", "9"], 413),
    ] {
        let stream = tokio_stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let (status, response) = call(Method::POST, "/echo", Body::from_stream(stream)).await;
        assert_eq!(status, expected);
        if status == 200 {
            assert_eq!(text(response).await, "123456");
        }
    }
}

#[tokio::test]
async fn a_client_that_waits_for_leave_is_refused_before_it_sends() {
    let body = Body::from_stream(tokio_stream::pending::<Result<Bytes, std::io::Error>>());
    let request = Request::post("/echo")
        .header("expect", "100-continue")
        .header("content-length", "9")
        .body(body)
        .unwrap();
    assert_eq!(router().oneshot(request).await.unwrap().status(), 413);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allow) in [
        (Method::DELETE, "/echo", "POST, GET, HEAD"),
        (Method::GET, "/conflict", "POST"),
        (Method::POST, "/hang", "GET, HEAD"),
    ] {
        let (status, response) = call(method, path, "").await;
        assert_eq!(status, 405);
        assert_eq!(response.headers()["allow"], allow);
        assert_eq!(response.headers().get_all("allow").iter().count(), 1);
        assert!(text(response).await.contains("E-KIT-003"));
    }
}

#[tokio::test]
async fn an_unknown_path_is_answered_in_the_style_of_the_table() {
    let (status, response) = call(Method::GET, "/nothing", "").await;
    assert_eq!(status, 404);
    assert!(
        text(response)
            .await
            .starts_with(r#"{"code":5,"details":[],"message":"E-KIT-002"#)
    );
}

#[tokio::test]
async fn a_deadline_ends_a_request() {
    let (status, response) = call(Method::GET, "/hang", "").await;
    assert_eq!(status, 504);
    assert!(text(response).await.contains("0.05 seconds"));
}

#[tokio::test]
async fn a_body_that_never_comes_is_the_callers_doing() {
    let body = Body::from_stream(tokio_stream::pending::<Result<Bytes, std::io::Error>>());
    let (status, response) = call(Method::POST, "/echo", body).await;
    assert_eq!(status, 408);
    assert_eq!(response.headers()["sigstead-code"], "E-KIT-009");
}

#[tokio::test]
async fn the_budget_is_the_only_limit_of_a_body() {
    let large = Budget::new(8 << 20, 5);
    let routes = Routes::new(BodyStyle::Text).post("/large", large, |body: Bytes| async move {
        body.len().to_string()
    });
    let request = Request::post("/large").body(Body::from(vec![b'x'; 5 << 20]));
    let response = routes.into_router().oneshot(request.unwrap()).await;
    assert_eq!(text(response.unwrap()).await, (5 << 20).to_string());
}

#[tokio::test]
async fn an_answer_beyond_its_budget_is_a_fault_of_the_service() {
    let small = Budget::read().answering(8);
    for (length, status) in [(8, 200), (9, 500)] {
        let routes =
            Routes::new(BodyStyle::Text).get("/", small, move || async move { vec![b'x'; length] });
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = routes.into_router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    let (status, response) = call(Method::GET, "/fall", "").await;
    assert_eq!(status, 500);
    let body = text(response).await;
    assert!(
        body.contains("E-KIT-001") && !body.contains("secret"),
        "{body}"
    );
}

#[tokio::test]
async fn a_problem_takes_the_style_of_its_route_and_keeps_the_headers_beside_it() {
    let (status, response) = call(Method::POST, "/conflict", "").await;
    assert_eq!(status, 409);
    assert_eq!(response.headers()["location"], "/there");
    assert_eq!(response.headers()["sigstead-code"], "E-T-001");
    assert_eq!(response.headers().get_all("content-type").iter().count(), 1);
    assert_eq!(
        text(response).await,
        r#"{"code":409,"message":"E-T-001: it is there"}"#
    );
}

#[tokio::test]
async fn handlers_have_their_state_and_their_query() {
    assert_eq!(text(call(Method::GET, "/state", "").await.1).await, "known");
    assert_eq!(
        text(call(Method::GET, "/page?first=7", "").await.1).await,
        "7"
    );
    let (status, response) = call(Method::GET, "/page?first=x", "").await;
    assert_eq!(status, 400);
    assert!(text(response).await.contains("E-KIT-007"));
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_refused_with_a_code() {
    let read = call(Method::GET, "/rooms/7/a%2Fb", "").await;
    assert_eq!(text(read.1).await, "7: a/b");
    for path in ["/rooms/7/%ff", "/rooms/%ff/a", "/rooms/256/a", "/rooms/x/a"] {
        let (status, response) = call(Method::GET, path, "").await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(response.headers()["sigstead-code"], "E-KIT-016", "{path}");
    }
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    let (status, response) = call(Method::HEAD, "/healthz", "").await;
    assert_eq!((status.as_u16(), text(response).await.as_str()), (200, ""));
}

#[tokio::test]
async fn scripts_of_any_origin_may_call_and_read_the_exposed_headers() {
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/echo")
        .header("origin", "https://search.example.com")
        .header("access-control-request-method", "POST")
        .body(Body::empty())
        .unwrap();
    let response = router().oneshot(preflight).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let request = Request::get("/echo")
        .header("origin", "https://a.example.com")
        .body(Body::empty());
    let response = router().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(
        response.headers()["access-control-expose-headers"],
        "location"
    );
}
