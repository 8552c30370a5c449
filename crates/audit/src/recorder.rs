use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sigstead_kit::{
    Act, Clock, Conclusion, Fields, Kind, Problem, Recorder, Service, SystemClock, causes,
};

use crate::acts::Acts;
use crate::error::Error;
use crate::place::Place;
use crate::record::{Event, Outcome, Who};

/// The record of a running service.
struct OfService {
    acts: Arc<Mutex<Acts>>,
    clock: Arc<dyn Clock>,
}

/// A service that records what is done over its admin interface, where its configuration says; `fields` reads the fields of
/// messages.
pub fn recorded(service: Service, fields: Fields) -> Service {
    match service.admin_listener().map(Place::of) {
        Some(place) => {
            let recorder = Acts::recorder(place, Arc::new(SystemClock));
            service.recorder(recorder, fields)
        }
        None => service,
    }
}

impl Acts {
    /// What writes the record of a service at `place`.
    #[must_use]
    pub fn recorder(place: Place, clock: Arc<dyn Clock>) -> Arc<dyn Recorder> {
        Arc::new(OfService {
            acts: Arc::new(Mutex::new(Self::new(place))),
            clock,
        })
    }
}

impl OfService {
    /// Files are written where nobody waits for them.
    fn append(&self, event: Event) -> BoxFuture<'static, Result<u64, Error>> {
        let (acts, time) = (Arc::clone(&self.acts), self.clock.now());
        let write = move || {
            let mut acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
            acts.append(event, time)
        };
        let written = tokio::task::spawn_blocking(write);
        async move { written.await.map_err(Error::Task)? }.boxed()
    }
}

impl Recorder for OfService {
    fn begin(&self, act: Act) -> BoxFuture<'static, Result<u64, Problem>> {
        let written = self.append(Event::begun(act));
        async move { written.await.map_err(|error| problem(&error)) }.boxed()
    }

    fn end(&self, act: u64, conclusion: Conclusion) -> BoxFuture<'static, ()> {
        let (outcome, code) = match conclusion {
            Conclusion::Done => (Outcome::Done, None),
            Conclusion::Failed { code } => (Outcome::Failed, code),
        };
        let written = self.append(Event::Ended { act, outcome, code });
        // The act has had its effect, and its caller is to learn of it.
        async move { tell(written.await, "what came of an act") }.boxed()
    }

    fn refused(&self, act: Act, code: &'static str) -> BoxFuture<'static, ()> {
        let written = self.append(Event::Refused {
            who: Who::from(&act.administrator),
            method: act.method,
            code: code.to_owned(),
        });
        async move { tell(written.await, "a refusal") }.boxed()
    }
}

fn tell(written: Result<u64, Error>, what: &str) {
    if let Err(error) = written {
        tracing::error!("{what} could not be recorded: {}", causes(&error));
    }
}

fn problem(error: &Error) -> Problem {
    let (code, message) = match error {
        Error::Changed { .. } | Error::Head { .. } => (
            "E-AUDIT-002",
            "the record of what administrators did was changed after it was written, so nothing is done before somebody has \
             looked at it (`sigctl audit verify`)",
        ),
        Error::Records {
            source: sigstead_store::Error::Damaged { .. },
            ..
        } => (
            "E-AUDIT-003",
            "the record of what administrators did is damaged, so nothing is done before somebody has looked at it \
             (`sigctl audit verify`)",
        ),
        Error::Records {
            source: sigstead_store::Error::Newer { .. },
            ..
        } => (
            "E-AUDIT-004",
            "the record of what administrators did was written by a newer release, so nothing is done by this one",
        ),
        Error::Records { .. } | Error::Io { .. } | Error::Encode(_) | Error::Task(_) => (
            "E-AUDIT-001",
            "what administrators do cannot be recorded, so nothing was done; mend what the log of the service names, such as \
             the room on the disk, and try again",
        ),
    };
    Problem::new(Kind::FailedPrecondition, code, message).with_detail(causes(error))
}
