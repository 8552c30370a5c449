//! What of the certificate authority's chain is replaced: its intermediate, or its root with it.

use super::new_root;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::rotate::authority::Files;
use crate::rotate::root_source::RootSource;

/// What is replaced.
pub(in crate::rotate) trait Replaced: Clone {
    const ROLE: &'static str;
    const WHAT: &'static str;
    const APART_FROM: &'static [&'static str];
    const FILES: Files;
    /// The subject of the next intermediate, up to the number of the rotation: clients that look for an issuer by its name
    /// find one.
    const SUBJECT: &'static str;
    /// Where the root of the next intermediate may come from, the usual first.
    const ROOTS: &'static [RootSource];

    /// Has those take the next chain who look at its root.
    async fn admit(instance: &Instance, number: u32) -> Result<(), Failure>;

    /// Has them take it no more, and removes the root that was made.
    async fn dismiss(instance: &Instance, number: u32) -> Result<(), Failure>;
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
    const ROOTS: &'static [RootSource] = &[RootSource::Same];

    async fn admit(_: &Instance, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    async fn dismiss(_: &Instance, _: u32) -> Result<(), Failure> {
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
    const ROOTS: &'static [RootSource] = &[RootSource::Here, RootSource::Elsewhere];

    async fn admit(instance: &Instance, number: u32) -> Result<(), Failure> {
        new_root::admit(instance, number).await
    }

    async fn dismiss(instance: &Instance, number: u32) -> Result<(), Failure> {
        new_root::dismiss(instance, number).await
    }
}
