//! The file in which the service finds its next keys, and the service that reads it.

use std::marker::PhantomData;
use std::path::PathBuf;

use sigstead_config::tsa::{Successor, SuccessorsFile};
use sigstead_proto::admin::v1::AuthorityKey;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::Base64Bytes;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::part::ChainPlan;
use super::role::Authority;
use crate::cluster::each_pod;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::reload;
use crate::replace::replace;

/// The successors that the configuration of an authority names.
pub(super) struct Successors<A> {
    config: PathBuf,
    path: PathBuf,
    file: SuccessorsFile,
    authority: PhantomData<A>,
}

impl<A: Authority> Successors<A> {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(A::SERVICE);
        let config = folder.join("config.yaml");
        let path = A::successors_file(&config);
        let path = path.map_err(|error| Failure::file("read", &config, error))?;
        let path = path.ok_or_else(|| {
            Failure::new(
                "E-CTL-292",
                format!("{} names no successors_file", config.display()),
                format!(
                    "write `successors_file: successors.yaml` into it, then: sigctl restart {}",
                    A::SERVICE.name()
                ),
            )
        })?;
        let path = folder.join(path);
        let file = SuccessorsFile::read(&path);
        let file = file.map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self {
            config,
            path,
            file,
            authority: PhantomData,
        })
    }

    /// The key that signs at `now`.
    pub(super) fn signing_key(&self, now: OffsetDateTime) -> Result<KeyConfig, Failure> {
        let key = A::signing_key(&self.config, &self.file, now);
        key.map_err(|error| Failure::file("read", &self.config, error))
    }

    /// From when on the next key signs, if it is listed.
    pub(super) fn start_of(&self, plan: &ChainPlan<A>) -> Option<OffsetDateTime> {
        let mut listed = self.file.successors.iter();
        Some(listed.find(|each| each.chain == plan.chain())?.from)
    }

    /// Lists the next key.
    pub(super) fn add(
        &mut self,
        instance: &Instance,
        plan: &ChainPlan<A>,
        from: OffsetDateTime,
    ) -> Result<(), Failure> {
        self.remove(plan);
        self.file.successors.push(Successor {
            from,
            key: plan.key_config(instance),
            chain: plan.chain(),
        });
        Ok(())
    }

    /// Lists the next key no more.
    pub(super) fn remove(&mut self, plan: &ChainPlan<A>) {
        self.file
            .successors
            .retain(|each| each.chain != plan.chain());
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let text = sigstead_config::to_yaml(&self.file).map_err(|error| failed(&error))?;
        let text = format!("{HEAD}{text}");
        replace(&self.path, text.as_bytes()).map_err(|error| failed(&error))
    }
}

/// Has the service read the file again, and waits until it has the next key open or, if `is_wanted` is false, has it no more.
pub(super) async fn take_up<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    is_wanted: bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    reload::ask(instance, &[A::SERVICE]).await?;
    for process in each_pod(instance, A::SERVICE).await? {
        taken_up(&process, plan, is_wanted, began).await?;
    }
    Ok(())
}

async fn taken_up<A: Authority>(
    process: &Instance,
    plan: &ChainPlan<A>,
    is_wanted: bool,
    began: Instant,
) -> Result<(), Failure> {
    loop {
        let keys = A::open_keys(process).await?;
        if keys.iter().any(|key| is_of(key, &plan.role.next_chain)) == is_wanted {
            return Ok(());
        }
        if began.elapsed() > reload::patience(process) {
            return Err(Failure::new(
                "E-CTL-293",
                format!("{} did not take up its file of successors", A::NAME),
                format!(
                    "its log says why: sigctl logs {}; mend it and go on: sigctl rotate {} resume",
                    A::SERVICE.name(),
                    A::ROLE
                ),
            ));
        }
        reload::pause(process).await;
    }
}

/// Whether an open key is the one of a chain.
pub(super) fn is_of(key: &AuthorityKey, chain: &[Base64Bytes]) -> bool {
    let chain = chain.iter().map(Base64Bytes::as_slice);
    !key.chain.is_empty() && key.chain.iter().map(Vec::as_slice).eq(chain)
}

const HEAD: &str = "# Written by `sigctl rotate`; comments are not kept.\n";
