//! Requests to the log of version 2, in JSON and in protobuf: whatever is accepted is a body that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use sigstead_entry::{CanonicalEntry, MAX_BODY_LENGTH, ProposedEntry};
use sigstead_proto::json::{Unknown, decode};
use sigstead_proto::rekor::v2::CreateEntryRequest;

fuzz_target!(|data: &[u8]| {
    let json = decode::<CreateEntryRequest>(data, Unknown::Ignore).ok();
    let binary = CreateEntryRequest::decode(data).ok();
    for request in json.into_iter().chain(binary) {
        let Ok(entry) = ProposedEntry::try_from(request) else {
            continue;
        };
        if let Ok(verified) = entry.verify() {
            assert!(verified.canonical_body().len() <= MAX_BODY_LENGTH);
            let read = CanonicalEntry::parse(verified.canonical_body());
            assert!(read.is_ok_and(|read| read.entry.verify().is_ok()));
        }
    }
});
