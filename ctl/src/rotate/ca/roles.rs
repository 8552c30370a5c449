//! What of the certificate authority's chain is replaced: its intermediate, or its root with it.

use sigstead_trust_root::Base64Bytes;
use time::OffsetDateTime;

use super::new_root;
use crate::failure::Failure;
use crate::init::certificates::Issuer;
use crate::init::secret::Vault;
use crate::instance::Instance;
use crate::rotate::authority::{Files, open_root};

/// What is replaced.
pub(in crate::rotate) trait Replaced: Clone {
    const ROLE: &'static str;
    const WHAT: &'static str;
    const APART_FROM: &'static [&'static str];
    const FILES: Files;
    /// The subject of the next intermediate, up to the number of the rotation: clients that look for an issuer by its name
    /// find one.
    const SUBJECT: &'static str;
    /// Whether the root of now signs the next intermediate.
    const KEEPS_ROOT: bool;

    /// Refuses if the root of the next intermediate is not here; `chain` is the one of now.
    async fn check_root(instance: &Instance, chain: &[Base64Bytes]) -> Result<(), Failure>;

    /// The root of the next intermediate, for a rotation of this number that began at this time.
    async fn root(
        instance: &Instance,
        vault: &Vault,
        rotation: (u32, OffsetDateTime),
        chain: &[Base64Bytes],
    ) -> Result<Issuer, Failure>;

    /// Has those take the next chain who look at its root.
    async fn admit(instance: &Instance, number: u32) -> Result<(), Failure>;

    /// Has them take it no more, and removes the root that was made.
    fn dismiss(instance: &Instance, number: u32) -> Result<(), Failure>;
}

/// The intermediate alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Intermediate;

/// The root, and an intermediate of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Root;

impl Replaced for Intermediate {
    const ROLE: &'static str = "ca-intermediate";
    const WHAT: &'static str = "the intermediate key of the certificate authority";
    const APART_FROM: &'static [&'static str] = &[Root::ROLE];
    const FILES: Files = Files {
        root: new_root::FIRST,
        key: "keys/ca-intermediate",
        chain: "chain-intermediate",
    };
    const SUBJECT: &'static str = "code signing";
    const KEEPS_ROOT: bool = true;

    async fn check_root(instance: &Instance, chain: &[Base64Bytes]) -> Result<(), Failure> {
        open_root(instance, OWNER, chain).await.map(drop)
    }

    async fn root(
        instance: &Instance,
        _: &Vault,
        _: (u32, OffsetDateTime),
        chain: &[Base64Bytes],
    ) -> Result<Issuer, Failure> {
        open_root(instance, OWNER, chain).await
    }

    async fn admit(_: &Instance, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn dismiss(_: &Instance, _: u32) -> Result<(), Failure> {
        Ok(())
    }
}

impl Replaced for Root {
    const ROLE: &'static str = "ca-root";
    const WHAT: &'static str = "the root of the certificate authority";
    const APART_FROM: &'static [&'static str] = &[Intermediate::ROLE];
    const FILES: Files = Files {
        root: new_root::FIRST,
        key: "keys/ca-of-root",
        chain: "chain-of-root",
    };
    const SUBJECT: &'static str = "code signing of root";
    const KEEPS_ROOT: bool = false;

    async fn check_root(_: &Instance, _: &[Base64Bytes]) -> Result<(), Failure> {
        Ok(())
    }

    async fn root(
        instance: &Instance,
        vault: &Vault,
        (number, now): (u32, OffsetDateTime),
        _: &[Base64Bytes],
    ) -> Result<Issuer, Failure> {
        new_root::make(instance, vault, number, now).await
    }

    async fn admit(instance: &Instance, number: u32) -> Result<(), Failure> {
        new_root::admit(instance, number).await
    }

    fn dismiss(instance: &Instance, number: u32) -> Result<(), Failure> {
        new_root::dismiss(instance, number)
    }
}

/// Whose root it is, and its first name.
const OWNER: (&str, &str) = ("the certificate authority", new_root::FIRST);
