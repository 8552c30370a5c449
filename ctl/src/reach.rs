//! Which instance a command administers over its admin interfaces: one on this machine, or one elsewhere by a context.

use std::path::PathBuf;

use clap::Args;

use crate::admin::Reach;
use crate::context::Context;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::own_certificate::Owner;

/// The instance of a command that needs nothing of it but its admin interfaces.
#[derive(Args)]
pub(crate) struct Reachable {
    #[command(flatten)]
    instance: Where,
    /// The context of an instance elsewhere, as `sigctl admin invite` made it. Default: that of `SIGSTEAD_CONTEXT`, if no
    /// directory is named.
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
}

/// An instance whose admin interfaces can be reached.
pub(crate) enum Reached {
    /// On this machine.
    Here(Box<Instance>),
    /// Elsewhere.
    There(Context),
}

impl Reachable {
    /// The words that a command takes behind the instance.
    pub(crate) fn words(&mut self, named: Vec<String>) -> Vec<String> {
        self.instance.words(named)
    }

    /// Opens the instance or the context.
    pub(crate) fn open(&self) -> Result<Reached, Failure> {
        if let Some(context) = self.context()? {
            return Context::read(&context).map(Reached::There);
        }
        self.here().map(|here| Reached::Here(Box::new(here)))
    }

    /// The instance, for what is read from its files.
    pub(crate) fn here(&self) -> Result<Instance, Failure> {
        self.instance.open()
    }

    fn context(&self) -> Result<Option<PathBuf>, Failure> {
        if self.context.is_some() && self.instance.is_named() {
            return Err(Failure::new(
                "E-CTL-012",
                "both the directory of an instance and a context are named",
                "name one of them",
            ));
        }
        let usual = || std::env::var_os("SIGSTEAD_CONTEXT").filter(|path| !path.is_empty());
        let named = self.context.clone();
        Ok(match self.instance.is_named() {
            true => named,
            false => named.or_else(|| usual().map(PathBuf::from)),
        })
    }
}

impl Reach for Reached {
    fn authority(&self) -> PathBuf {
        match self {
            Self::Here(instance) => instance.authority(),
            Self::There(context) => context.ca.clone(),
        }
    }

    fn certificate(&self) -> PathBuf {
        match self {
            Self::Here(instance) => instance.certificate(),
            Self::There(context) => context.certificate.clone(),
        }
    }

    fn key(&self) -> PathBuf {
        match self {
            Self::Here(instance) => instance.key(),
            Self::There(context) => context.key.clone(),
        }
    }

    fn owner(&self) -> Owner<'_> {
        match self {
            Self::Here(instance) => instance.owner(),
            Self::There(_) => Owner::Person,
        }
    }

    fn url(&self, service: Service) -> Result<String, Failure> {
        match self {
            Self::Here(instance) => instance.url(service),
            Self::There(context) => context.services.get(&service).cloned().ok_or_else(|| {
                Failure::new(
                    "E-CTL-375",
                    format!(
                        "the context of {} does not say where {} is",
                        context.instance,
                        service.name()
                    ),
                    "add its URL under `services` in context.yaml",
                )
            }),
        }
    }
}
