//! Protobuf-JSON of every message that comes from outside: what is read is written and read as the same message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::{Message, Name};
use sigstead_proto::json::{Unknown, decode, encode};

macro_rules! check_all {
    ($data:expr, $kind:expr, $($message:ty),* $(,)?) => {
        const COUNT: usize = [$(stringify!($message)),*].len();
        let checks: [fn(&[u8]); COUNT] = [$(check::<$message>),*];
        checks[usize::from($kind) % COUNT]($data);
    };
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    check_all!(
        data,
        *kind,
        sigstead_proto::rekor::v2::CreateEntryRequest,
        sigstead_proto::rekor::v2::Entry,
        sigstead_proto::rekor::v1::TransparencyLogEntry,
        sigstead_proto::bundle::v1::Bundle,
        sigstead_proto::trustroot::v1::TrustedRoot,
        sigstead_proto::trustroot::v1::SigningConfig,
        sigstead_proto::trustroot::v1::ClientTrustConfig,
        sigstead_proto::fulcio::v2::CreateSigningCertificateRequest,
        sigstead_proto::fulcio::v2::TrustBundle,
        sigstead_proto::ct::v1::AddChainRequest,
        sigstead_proto::timestamp::v1::StampRequest,
        sigstead_proto::admin::v1::AddUserRequest,
        sigstead_proto::admin::v1::SetPasswordRequest,
        sigstead_proto::intoto::Envelope,
    );
});

fn check<M: Message + Name + Default + PartialEq>(data: &[u8]) {
    let lenient = decode::<M>(data, Unknown::Ignore);
    if let Ok(strict) = decode::<M>(data, Unknown::Refuse) {
        assert!(lenient.as_ref().is_ok_and(|lenient| *lenient == strict));
    }
    for message in lenient.into_iter().chain(M::decode(data)) {
        let json = encode(&message);
        let again = decode::<M>(json.as_bytes(), Unknown::Refuse);
        // As bytes: a number that is none is not its own equal.
        let same = again.is_ok_and(|again| again.encode_to_vec() == message.encode_to_vec());
        assert!(same, "{json}");
    }
}
