use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::budget::{Budget, Queue};
use crate::connection::Exchange;
use crate::line::{ALL_FILES, ALL_SEARCHES, Line};
use crate::problem::{CODE_LARGE, Kind, Problem};

/// The turn of a request to have its answer made.
#[expect(dead_code, reason = "held until the answer is counted")]
pub(crate) struct Turn {
    places: [Option<OwnedSemaphorePermit>; 2],
    of_line: [Option<OwnedSemaphorePermit>; 2],
    of_all: Option<SemaphorePermit<'static>>,
}

/// Waits for the turn of a request, if its answer may be large. Such answers are made by a few at a time, because they are
/// counted only when they are there.
///
/// A connection of one caller waits with one request at a time, and a caller with fewer than there are turns, so that everybody's turn
/// comes, whatever others ask for.
///
/// # Errors
/// The connection or its peer waits for as many large answers as it may, or the connection does not take those that it has.
pub(crate) async fn turn(exchange: &Exchange, budget: &Budget) -> Result<Option<Turn>, Problem> {
    if !budget.has_large_answers() {
        return Ok(None);
    }
    check_taken(exchange)?;
    let [connection, peer] = exchange.lines();
    let place = |line: Option<&Line>| match line {
        Some(line) => line.place().ok_or_else(too_many).map(Some),
        None => Ok(None),
    };
    let places = [place(connection)?, place(peer)?];
    let queue = budget.queue;
    let turn = async |line: Option<&Line>| match line {
        Some(line) => line.turn(queue).await,
        None => None,
    };
    let of_line = [turn(connection).await, turn(peer).await];
    let all = match queue {
        Queue::Files => &FILES,
        Queue::Searches => &SEARCHES,
    };
    let of_all = all.acquire().await.ok();
    // The answer before this one may be there now.
    check_taken(exchange)?;
    Ok(Some(Turn {
        places,
        of_line,
        of_all,
    }))
}

/// What would only be thrown away is not made.
fn check_taken(exchange: &Exchange) -> Result<(), Problem> {
    match exchange.takes_its_answers() {
        true => Ok(()),
        false => Err(too_many()),
    }
}

fn too_many() -> Problem {
    let message = "the connection or its address has asked for as many large answers as it may at once; read them, and ask \
                   again in a moment";
    Problem::new(Kind::ResourceExhausted, CODE_LARGE, message)
}

static FILES: Semaphore = Semaphore::const_new(ALL_FILES);
static SEARCHES: Semaphore = Semaphore::const_new(ALL_SEARCHES);
