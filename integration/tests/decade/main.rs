//! An instance lives for ten years, of which each is a minute, while people sign and programs ask without a pause.
//!
//! `make decade` runs ten years; without `SIGSTEAD_DECADE_YEARS` it is two. `SIGSTEAD_DECADE_MONTH` is for slow machines: how many
//! seconds a month has, with which all lifetimes grow. What it proves and what it does not is in
//! `docs/decade.md`.
//!
//! File map: `calendar.rs` the table of what is begun in which month; `world.rs` the instance
//! and its time, `pace.rs` how fast that goes by; `operator.rs` who
//! does what the calendar says, with `office.rs` ceremonies, `emergency.rs` a key in other hands and `clients.rs` whom the gate
//! asks; `load.rs` people who sign and `program.rs` what programs ask for; `corpus.rs` all that was signed; `judge.rs` what must
//! be so in the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod calendar;
mod clients;
mod corpus;
mod emergency;
mod judge;
mod load;
mod office;
mod operator;
mod pace;
mod program;
mod world;

use load::{Load, Signer};
use operator::Operator;
use pace::Pace;
use world::World;

#[test]
fn years_go_by_and_no_request_fails() {
    let world = World::start(Pace::of_environment());
    let load = Load::default();
    let mut operator = Operator::new(&world, &load);
    let worked = std::thread::scope(|scope| {
        for by in Signer::ALL {
            let (load, world) = (&load, &world);
            scope.spawn(move || load.sign(world, by));
        }
        scope.spawn(|| load.walk(&world));
        scope.spawn(|| load.ask(&world));
        let worked = operator.work();
        load.end();
        worked
    });
    let lived = world.age();
    worked.unwrap();
    judge::judge(&world, &load, &operator, lived);
}
