use http::StatusCode;
use tonic::Code;

/// What is wrong with a request, as one row of the table that maps it to HTTP and gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed or refers to something impossible.
    InvalidArgument,
    /// The caller did not prove who it is.
    Unauthenticated,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// There is nothing under that name.
    NotFound,
    /// The thing to be made exists.
    AlreadyExists,
    /// The system is not in the state that the request needs.
    FailedPrecondition,
    /// The caller, or all callers together, ask for too much; later may work.
    ResourceExhausted,
    /// The path exists, with other methods.
    MethodNotAllowed,
    /// The body is larger than the route takes.
    PayloadTooLarge,
    /// The body is of a media type that the route does not take.
    UnsupportedMediaType,
    /// The body is well formed and violates its schema.
    Unprocessable,
    /// The operation exists in the interface and is not offered here.
    Unimplemented,
    /// The request did not arrive in time.
    RequestTimeout,
    /// The caller went away.
    Cancelled,
    /// A part that is needed cannot be reached now; later may work.
    Unavailable,
    /// The route's deadline passed.
    DeadlineExceeded,
    /// A fault of the service. The public sentence is fixed; the detail is logged.
    Internal,
}

impl Kind {
    /// The HTTP status code.
    #[must_use]
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            // The number that grpc-gateway gives a cancelled call; it has no registered name.
            Self::Cancelled => {
                StatusCode::from_u16(499).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC status code.
    #[must_use]
    pub fn grpc_code(self) -> Code {
        match self {
            Self::InvalidArgument | Self::UnsupportedMediaType | Self::Unprocessable => {
                Code::InvalidArgument
            }
            Self::Unauthenticated => Code::Unauthenticated,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::FailedPrecondition => Code::FailedPrecondition,
            Self::ResourceExhausted | Self::PayloadTooLarge => Code::ResourceExhausted,
            Self::MethodNotAllowed | Self::Unimplemented => Code::Unimplemented,
            Self::Cancelled => Code::Cancelled,
            Self::Unavailable => Code::Unavailable,
            Self::DeadlineExceeded | Self::RequestTimeout => Code::DeadlineExceeded,
            Self::Internal => Code::Internal,
        }
    }

    pub(super) fn asks_to_retry(self) -> bool {
        matches!(self, Self::ResourceExhausted | Self::Unavailable)
    }
}
