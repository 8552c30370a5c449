//! Our definitions against the published ones, which another project compiled: every message, field and enum value.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, MessageDescriptor, ReflectMessage as _,
};
use sigstore_protobuf_specs::dev::sigstore::bundle::v1::Bundle;

/// Packages of which everything must be as published.
const WHOLE: [&str; 4] = [
    "dev.sigstore.rekor.v1",
    "dev.sigstore.trustroot.v1",
    "dev.sigstore.bundle.v1",
    "io.intoto",
];

/// Packages of which the published set has more than is used here.
const PARTLY: [&str; 2] = ["dev.sigstore.common.v1", "dev.sigstore.rekor.v2"];

fn ours() -> DescriptorPool {
    DescriptorPool::decode(sigstead_proto::FILE_DESCRIPTOR_SET).unwrap()
}

fn published() -> DescriptorPool {
    Bundle::default().descriptor().parent_pool().clone()
}

/// Messages of rekor-tiles' reading calls, which protobuf-specs does not have; `wire.rs` pins them.
const ELSEWHERE: [&str; 2] = [
    "dev.sigstore.rekor.v2.EntryBundleRequest",
    "dev.sigstore.rekor.v2.TileRequest",
];

/// Everything that a field is on the wire and in JSON.
fn field(field: &FieldDescriptor) -> String {
    let oneof = field.containing_oneof();
    format!(
        "{} = {} {:?} {:?} {} packed={} presence={} oneof={:?}",
        field.name(),
        field.number(),
        field.kind(),
        field.cardinality(),
        field.json_name(),
        field.is_packed(),
        field.supports_presence(),
        oneof.map(|oneof| oneof.name().to_owned()),
    )
}

fn fields(message: &MessageDescriptor) -> BTreeSet<String> {
    message.fields().map(|it| field(&it)).collect()
}

fn values(of: &EnumDescriptor) -> BTreeMap<i32, String> {
    of.values()
        .map(|value| (value.number(), value.name().to_owned()))
        .collect()
}

fn messages(pool: &DescriptorPool, package: &str) -> BTreeMap<String, MessageDescriptor> {
    pool.all_messages()
        .filter(|message| message.package_name() == package)
        .map(|message| (message.full_name().to_owned(), message))
        .collect()
}

#[test]
fn every_message_has_the_published_fields() {
    let (ours, published) = (ours(), published());
    for package in WHOLE.into_iter().chain(PARTLY) {
        let mine = messages(&ours, package);
        assert!(!mine.is_empty(), "{package}");
        for (name, message) in mine {
            if ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            let theirs = published.get_message_by_name(&name);
            let theirs = theirs.unwrap_or_else(|| panic!("{name} is not published"));
            assert_eq!(fields(&message), fields(&theirs), "{name}");
        }
    }
}

#[test]
fn no_message_that_clients_read_is_left_out() {
    let (ours, published) = (ours(), published());
    for package in WHOLE {
        let theirs: BTreeSet<_> = messages(&published, package).into_keys().collect();
        let mine: BTreeSet<_> = messages(&ours, package).into_keys().collect();
        assert_eq!(mine, theirs, "{package}");
    }
}

#[test]
fn every_enum_has_the_published_names_and_numbers() {
    let (ours, published) = (ours(), published());
    let mut compared = 0;
    for mine in ours.all_enums() {
        if !mine.package_name().starts_with("dev.sigstore")
            || mine.package_name() == "dev.sigstore.fulcio.v2"
        {
            continue;
        }
        let theirs = published.get_enum_by_name(mine.full_name());
        let theirs = theirs.unwrap_or_else(|| panic!("{} is not published", mine.full_name()));
        assert_eq!(values(&mine), values(&theirs), "{}", mine.full_name());
        compared += 1;
    }
    assert_eq!(compared, 3);
}
