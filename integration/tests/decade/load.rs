//! People who sign month after month, each with a client of her own, and programs that ask the services without a pause.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock, RwLockReadGuard};
use std::time::Instant;

use anyhow::Result;
use sigstead_integration::{
    Instance, PERSON, artifact, beside, client, cosign, pause, run, sigctl, sigstore_python,
};

use crate::calendar::YEAR;
use crate::program::{Program, Request};
use crate::world::World;

/// A client that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signer {
    Sigctl,
    Cosign,
    Python,
}

/// A file, its bundle, and when it was signed.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) by: Signer,
    pub(crate) month: u32,
    pub(crate) file: PathBuf,
    pub(crate) bundle: PathBuf,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
}

/// A request that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) month: u32,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) why: String,
}

/// What all of them did.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) signed: Mutex<Vec<Signed>>,
    pub(crate) failed: Mutex<Vec<Failed>>,
    /// Answers that programs got.
    pub(crate) answers: AtomicUsize,
    /// Held by who asks, and held alone while the instance sleeps. The operator writes it when all is over.
    is_over: RwLock<bool>,
}

impl Load {
    /// Does something while nobody asks for anything.
    pub(crate) fn while_quiet<T>(&self, act: impl FnOnce() -> T) -> T {
        let _alone = self.is_over.write().unwrap();
        act()
    }

    /// Lets all of them end.
    pub(crate) fn end(&self) {
        *self.is_over.write().unwrap() = true;
    }

    /// Signs once a month, or as often as there is time for.
    pub(crate) fn sign(&self, world: &World, by: Signer) {
        let Some(program) = by.program() else { return };
        let mut next_month = 0;
        while let Some(_awake) = self.awake_in(world, next_month) {
            let (month, begun) = (world.month(), Instant::now());
            let file = artifact(world.instance.work(), &format!("month-{month}"));
            let bundle = beside(&file, "txt.sigstore.json");
            let signed = by.sign(&program, &world.instance, &file, &bundle);
            let ended = Instant::now();
            match signed {
                Ok(()) => self.signed.lock().unwrap().push(Signed {
                    by,
                    month,
                    file,
                    bundle,
                    begun,
                    ended,
                }),
                Err(error) => self.fail(month, (begun, ended), format!("{by:?}: {error:#}")),
            }
            next_month = month + 1;
        }
    }

    /// Walks from the first root to the newest twice a year, as a client that was away since.
    pub(crate) fn walk(&self, world: &World) {
        let Some(python) = client::python() else {
            return;
        };
        let mut next_month = 0;
        while let Some(_awake) = self.awake_in(world, next_month) {
            let (month, begun) = (world.month(), Instant::now());
            let mut walk = Command::new(&python);
            walk.arg(client::script("tuf_client.py"));
            walk.arg(world.instance.url("tuf")).arg(&world.first_root);
            match run(&mut walk) {
                Ok(_) => drop(self.answers.fetch_add(1, Ordering::Relaxed)),
                Err(error) => self.fail(month, (begun, Instant::now()), format!("{error:#}")),
            }
            next_month = month + YEAR / 2;
        }
    }

    /// Asks each service as programs do.
    pub(crate) fn ask(&self, world: &World) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let program = Program::of(&world.instance).unwrap();
        while let Some(awake) = self.awake_in(world, 0) {
            for request in Request::ALL {
                let begun = Instant::now();
                match runtime.block_on(program.ask(request)) {
                    Ok(()) => drop(self.answers.fetch_add(1, Ordering::Relaxed)),
                    Err(error) => {
                        let times = (begun, Instant::now());
                        self.fail(world.month(), times, format!("{request:?}: {error:#}"));
                    }
                }
            }
            drop(awake);
            for _ in 0..ROUND {
                pause();
            }
        }
    }

    /// Waits for a month, and gives the right to ask for something in it. None when all is over.
    fn awake_in(&self, world: &World, month: u32) -> Option<RwLockReadGuard<'_, bool>> {
        loop {
            let is_over = self.is_over.read().unwrap();
            match *is_over {
                true => return None,
                false if world.month() >= month => return Some(is_over),
                false => drop(is_over),
            }
            pause();
        }
    }

    fn fail(&self, month: u32, (begun, ended): (Instant, Instant), why: String) {
        eprintln!("month {month}: {why}");
        let failed = Failed {
            month,
            begun,
            ended,
            why,
        };
        self.failed.lock().unwrap().push(failed);
    }
}

impl Signer {
    pub(crate) const ALL: [Self; 3] = [Self::Sigctl, Self::Cosign, Self::Python];

    /// Its program, if it is installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Sigctl => Some(sigctl().get_program().into()),
            Self::Cosign => client::cosign(),
            Self::Python => client::sigstore_python(),
        }
    }

    fn sign(self, program: &Path, instance: &Instance, file: &Path, bundle: &Path) -> Result<()> {
        let signed = match self {
            Self::Sigctl => {
                let mut command = Command::new(program);
                command.env("SIGSTEAD_DIR", instance.directory());
                command.args(["sign", "--identity", PERSON, "--bundle"]);
                run(command.arg(bundle).arg(file))
            }
            Self::Cosign => run(cosign::sign(program, instance, bundle)?.arg(file)),
            Self::Python => {
                let mut command = sigstore_python::with_kit(program, instance);
                run(sigstore_python::sign(&mut command, instance, bundle)?.arg(file))
            }
        };
        signed.map(drop)
    }
}

/// Pauses between two rounds of questions.
const ROUND: usize = 5;
