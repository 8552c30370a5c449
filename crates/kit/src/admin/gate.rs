use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::access::{Access, Role};
use super::act::{Act, Recording};
use super::administrator::Administrator;
use super::answer::{refusal, request_id};
use super::revoked::Revoked;
use crate::clock::{Clock as _, SystemClock};
use crate::connected::PeerCertificate;
use crate::problem::{
    CODE_ADMIN_ACCESS, CODE_ADMIN_ENDED, CODE_ADMIN_REVOKED, CODE_ADMIN_REVOKED_LIST,
    CODE_ADMIN_ROLE, Kind, Problem, causes,
};

/// What is asked of callers of the admin interface.
#[derive(Clone)]
pub(crate) enum Gate {
    /// Nothing: there is no network between caller and router.
    Open,
    /// A certificate with the role that the method needs.
    Kept(Arc<Keeper>),
}

/// Lets in who may, and by default nobody.
pub(crate) struct Keeper {
    pub(crate) table: &'static [Access],
    /// Where the list of revoked certificates is.
    pub(crate) revoked: Option<PathBuf>,
    /// How acts are recorded. Without it none is done.
    pub(crate) recording: Option<Recording>,
}

impl Keeper {
    async fn admit(&self, call: &Call) -> Result<Administrator, Problem> {
        let certificate = call.certificate.as_ref();
        let certificate = certificate.ok_or_else(|| no_role("there is none"))?;
        let caller = Administrator::of(&certificate.0).map_err(no_role)?;
        let now = SystemClock.now();
        // The handshake looked at it when the connection began, which may be long ago.
        if now < caller.not_before || caller.not_after < now {
            return Err(ended(&caller));
        }
        self.check_revoked(&caller).await?;
        let needed = self.needed(&call.method);
        let needed = needed.ok_or_else(|| no_row(&call.method))?;
        if caller.role < needed {
            self.tell_refused(&caller, call).await;
            return Err(too_little(&caller, &call.method, needed));
        }
        Ok(caller)
    }

    pub(super) fn row(&self, method: &str) -> Option<Access> {
        self.table.iter().find(|row| row.method == method).copied()
    }

    fn needed(&self, method: &str) -> Option<Role> {
        let is_of_kit = OPEN_TO_ALL
            .iter()
            .any(|service| method.starts_with(service));
        let role = self.row(method).map(|row| row.role);
        role.or_else(|| is_of_kit.then_some(Role::Viewer))
    }

    async fn tell_refused(&self, caller: &Administrator, call: &Call) {
        if let Some(recording) = &self.recording {
            let act = Act {
                administrator: caller.clone(),
                method: call.method.clone(),
                arguments: Vec::new(),
                request_id: call.request_id.clone(),
            };
            recording.recorder.refused(act, CODE_ADMIN_ACCESS).await;
        }
    }

    /// The list is read for each call: calls are few, and a revocation counts from the next one on, on connections that are
    /// open as well.
    async fn check_revoked(&self, caller: &Administrator) -> Result<(), Problem> {
        let Some(path) = self.revoked.clone() else {
            return Ok(());
        };
        let read = tokio::task::spawn_blocking(move || Revoked::read(&path)).await;
        let list = match read {
            Ok(read) => read.map_err(|error| no_list(causes(&error)))?,
            Err(error) => return Err(no_list(error.to_string())),
        };
        match list.contains(&caller.serial) {
            true => Err(revoked(caller)),
            false => Ok(()),
        }
    }
}

/// What the gate has to know of a call.
struct Call {
    method: String,
    certificate: Option<PeerCertificate>,
    request_id: Option<String>,
}

/// Asks of a call what the gate asks.
pub(crate) async fn guard(
    State(keeper): State<Arc<Keeper>>,
    mut request: Request,
    next: Next,
) -> Response {
    let call = Call {
        method: request.uri().path().to_owned(),
        certificate: request.extensions().get::<PeerCertificate>().cloned(),
        request_id: request_id(request.extensions()),
    };
    match keeper.admit(&call).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => refusal(problem),
    }
}

fn no_role(why: impl std::fmt::Display) -> Problem {
    let message = format!(
        "the certificate makes its holder no administrator: {why}; ask an owner for one (`sigctl admin invite`)"
    );
    Problem::new(Kind::PermissionDenied, CODE_ADMIN_ROLE, message)
}

fn too_little(caller: &Administrator, method: &str, needed: Role) -> Problem {
    let name = method.rsplit('/').next().unwrap_or(method);
    let message = format!(
        "{name} needs the role {needed}, and the certificate of {:?} has {}; have somebody with that role do it, or ask \
         an owner for another certificate",
        caller.name, caller.role
    );
    Problem::new(Kind::PermissionDenied, CODE_ADMIN_ACCESS, message)
}

fn no_row(method: &str) -> Problem {
    let message = format!(
        "nobody may call {method} on this interface; compare it with what reflection lists"
    );
    Problem::new(Kind::PermissionDenied, CODE_ADMIN_ACCESS, message)
}

fn ended(caller: &Administrator) -> Problem {
    let message = format!(
        "the certificate of {:?} is not valid now: it may be used from {} to {}; ask an owner for a new one",
        caller.name, caller.not_before, caller.not_after
    );
    Problem::new(Kind::PermissionDenied, CODE_ADMIN_ENDED, message)
}

fn revoked(caller: &Administrator) -> Problem {
    let message = format!(
        "the certificate {} of {:?} was revoked; ask an owner for a new one",
        caller.serial, caller.name
    );
    Problem::new(Kind::PermissionDenied, CODE_ADMIN_REVOKED, message)
}

fn no_list(detail: String) -> Problem {
    let message = "the list of revoked certificates cannot be read, so nobody is let in; the log of the service says why";
    Problem::new(Kind::Unavailable, CODE_ADMIN_REVOKED_LIST, message).with_detail(detail)
}

/// What every service has beside its own: they tell nothing that the methods do not.
const OPEN_TO_ALL: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];
