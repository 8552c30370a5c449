//! The ways in for a token: both HTTP faces and gRPC with both forms of a key, and the administrator's test.

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sigstead_proto::admin::v1 as admin;
use sigstead_proto::fulcio::v2 as wire;
use tower::ServiceExt;
use wire::create_signing_certificate_request::Key;

use crate::world::World;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// HTTP v2, the token in the header.
    V2Header,
    /// HTTP v2, the token in the body.
    V2Body,
    /// HTTP v2 with a certification request.
    V2Request,
    /// HTTP v1.
    V1,
    /// HTTP v1 with a certification request.
    V1Request,
    /// gRPC.
    Grpc,
    /// gRPC, the token in the metadata.
    GrpcMetadata,
    /// gRPC with a certification request.
    GrpcRequest,
    /// `CaAdmin/TestToken`.
    Admin,
}

/// What came of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    Refused {
        /// The code, the HTTP status and the gRPC status; of the administrator's test the check that failed.
        by: String,
        /// The sentence.
        sentence: String,
    },
}

impl Route {
    pub(crate) const ALL: [Self; 9] = [
        Self::V2Header,
        Self::V2Body,
        Self::V2Request,
        Self::V1,
        Self::V1Request,
        Self::Grpc,
        Self::GrpcMetadata,
        Self::GrpcRequest,
        Self::Admin,
    ];

    /// Whether a token can come this way at all: a header holds visible letters, and blanks at its ends are not its own.
    pub(crate) fn carries(self, token: &str) -> bool {
        match self {
            Self::V2Header | Self::V1 | Self::V1Request | Self::GrpcMetadata => {
                let is_visible = token.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                // The scheme is not the token's own either.
                let has_scheme = self == Self::GrpcMetadata && token.starts_with("Bearer ");
                token.trim() == token && is_visible && !has_scheme
            }
            // A message of an administrator has 64 KiB at most.
            Self::Admin => token.len() < 65_000,
            _ => true,
        }
    }

    /// Asks with a token, and with the proof of possession of who has this name.
    pub(crate) async fn ask(self, world: &World, token: &str, name: &str) -> Answer {
        self.send(world, Some(token), name).await
    }

    /// Asks for the same, with no header, member or metadata that a token would be in.
    pub(crate) async fn ask_without_token(self, world: &World, name: &str) -> Answer {
        self.send(world, None, name).await
    }

    async fn send(self, world: &World, token: Option<&str>, name: &str) -> Answer {
        let proof = world.holder.sign(name.as_bytes()).await.unwrap();
        let pem = world.holder.public_key().to_pem();
        let v2_key = json!({"publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": pem},
            "proofOfPossession": STANDARD.encode(&proof),
        }});
        let request = json!({"certificateSigningRequest": STANDARD.encode(&world.request)});
        let in_body = |mut body: Value| {
            if let Some(token) = token {
                body["credentials"] = json!({"oidcIdentityToken": token});
            }
            body
        };
        let key = Key::PublicKeyRequest(wire::PublicKeyRequest {
            public_key: Some(wire::PublicKey {
                algorithm: 0,
                content: pem,
            }),
            proof_of_possession: proof.clone(),
        });
        match self {
            Self::V2Header => post(world, "/api/v2/signingCert", token, &v2_key).await,
            Self::V2Body => post(world, "/api/v2/signingCert", None, &in_body(v2_key)).await,
            Self::V2Request => post(world, "/api/v2/signingCert", None, &in_body(request)).await,
            Self::V1 => {
                let content = STANDARD.encode(world.holder.public_key().spki_der());
                let body = json!({
                    "publicKey": {"algorithm": "ecdsa", "content": content},
                    "signedEmailAddress": STANDARD.encode(&proof),
                });
                post(world, "/api/v1/signingCert", token, &body).await
            }
            Self::V1Request => post(world, "/api/v1/signingCert", token, &request).await,
            Self::Grpc => call(world, Place::Message, token, key).await,
            Self::GrpcMetadata => call(world, Place::Metadata, token, key).await,
            Self::GrpcRequest => {
                let request = Key::CertificateSigningRequest(world.request.clone().into_bytes());
                call(world, Place::Message, token, request).await
            }
            Self::Admin => test(world, token).await,
        }
    }
}

/// Where a token is in a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Message,
    Metadata,
}

async fn post(world: &World, path: &str, token: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::post(path);
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        request = request.header("authorization", value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let (parts, body) = world
        .public
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if parts.status.is_success() {
        assert!(
            std::str::from_utf8(&body)
                .unwrap()
                .contains("BEGIN CERTIFICATE")
        );
        return Answer::Accepted;
    }
    let code = parts.headers["sigstead-code"].to_str().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let grpc = tonic::Code::from_i32(i32::try_from(body["code"].as_i64().unwrap()).unwrap());
    Answer::Refused {
        by: format!("{code} {} {grpc:?}", parts.status.as_u16()),
        sentence: body["message"].as_str().unwrap().to_owned(),
    }
}

async fn call(world: &World, place: Place, token: Option<&str>, key: Key) -> Answer {
    let in_message = token.filter(|_| place == Place::Message);
    let in_metadata = token.filter(|_| place == Place::Metadata);
    let credentials = in_message.map(|token| wire::Credentials {
        credentials: Some(wire::credentials::Credentials::OidcIdentityToken(
            token.to_owned(),
        )),
    });
    let mut request = tonic::Request::new(wire::CreateSigningCertificateRequest {
        credentials,
        key: Some(key),
    });
    if let Some(token) = in_metadata {
        let metadata = request.metadata_mut();
        metadata.insert("oidcidentitytoken", token.parse().unwrap());
    }
    let mut client = wire::ca_client::CaClient::new(service(&world.public));
    match client.create_signing_certificate(request).await {
        Ok(answer) => {
            assert!(answer.into_inner().certificate.is_some());
            Answer::Accepted
        }
        Err(status) => {
            let code = status.metadata().get("sigstead-code").unwrap();
            let code = code.to_str().unwrap();
            Answer::Refused {
                by: format!("{code} {:?}", status.code()),
                sentence: status.message().to_owned(),
            }
        }
    }
}

async fn test(world: &World, token: Option<&str>) -> Answer {
    let mut client = admin::ca_admin_client::CaAdminClient::new(service(&world.admin));
    // A text that is empty is not on the wire.
    let token = token.unwrap_or_default().to_owned();
    let answer = client.test_token(admin::TestTokenRequest { token }).await;
    let answer = answer.unwrap().into_inner();
    let failed = answer.checks.iter().find(|check| !check.is_passed);
    assert_eq!(failed.is_none(), answer.is_accepted);
    match failed {
        None => Answer::Accepted,
        Some(check) => Answer::Refused {
            by: check.name.clone(),
            sentence: check.refusal.clone(),
        },
    }
}

fn service(
    router: &Router,
) -> impl tower::Service<
    Request<tonic::body::Body>,
    Response = http::Response<Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send {
    tower::ServiceBuilder::new()
        .map_request(|request: Request<tonic::body::Body>| request.map(Body::new))
        .service(router.clone())
}
