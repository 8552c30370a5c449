//! Protobuf-JSON of every message that comes from outside: what is read is written and read as the same message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::{Message, Name};
use proto::json::{Unknown, decode, encode};

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
        proto::rekor::v2::CreateEntryRequest,
        proto::rekor::v2::Entry,
        proto::rekor::v1::TransparencyLogEntry,
        proto::bundle::v1::Bundle,
        proto::trustroot::v1::TrustedRoot,
        proto::trustroot::v1::SigningConfig,
        proto::trustroot::v1::ClientTrustConfig,
        proto::fulcio::v2::CreateSigningCertificateRequest,
        proto::fulcio::v2::TrustBundle,
        proto::ct::v1::AddChainRequest,
        proto::timestamp::v1::StampRequest,
        proto::admin::v1::AddUserRequest,
        proto::admin::v1::SetPasswordRequest,
        proto::intoto::Envelope,
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
