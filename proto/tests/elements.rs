//! What a message of strangers costs in memory once it is counted and decoded. One test, because it counts what the whole
//! process takes.

use peak_alloc::PeakAlloc;
use prost::Message;
use sigstead_proto::ct::v1::AddChainRequest;
use sigstead_proto::elements;
use sigstead_proto::rekor::v2::CreateEntryRequest;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const CREATE_ENTRY: &str = "/dev.sigstore.rekor.v2.Rekor/CreateEntry";
const ADD_CHAIN: &str = "/sigstead.ct.v1.CtLog/AddChain";
const LENGTH: usize = 4 << 20;
const MOST: usize = 1024;

/// A field that holds bytes, as it is written.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    prost::encoding::encode_varint(value.len() as u64, &mut field);
    [field, value.to_vec()].concat()
}

fn many(element: &[u8]) -> Vec<u8> {
    element.repeat(LENGTH / element.len())
}

/// How many times its length a message takes at most while `read` reads it.
fn cost(message: &[u8], read: impl FnOnce(&[u8])) -> f64 {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    read(message);
    (MEMORY.peak_usage() - before) as f64 / message.len() as f64
}

#[test]
fn a_message_that_is_not_refused_costs_a_small_multiple_of_its_length() {
    // The table of methods is made once.
    assert_eq!(elements(CREATE_ENTRY, &[], MOST), 0);
    let dsse = |envelope: &[u8], verifiers: &[u8]| {
        field(2, &[field(1, envelope), verifiers.to_vec()].concat())
    };
    let amplifying = [
        ("signatures", CREATE_ENTRY, dsse(&many(&field(3, &[])), &[])),
        ("verifiers", CREATE_ENTRY, dsse(&[], &many(&field(2, &[])))),
        (
            "an envelope that is longer than the request",
            CREATE_ENTRY,
            {
                let envelope = field(1, &many(&field(3, &[])));
                let head = envelope.len() - LENGTH;
                [vec![2 << 3 | 2, head as u8], envelope].concat()
            },
        ),
        ("a chain", ADD_CHAIN, many(&field(1, &[]))),
    ];
    for (what, method, message) in amplifying {
        let count = |message: &[u8]| assert_eq!(elements(method, message, MOST), MOST + 1);
        let counting = cost(&message, count);
        assert!(counting < 0.01, "counting {what} costs {counting:.2}");
        // Without the count it would be paid, which is why there is one.
        let decoding = match method {
            ADD_CHAIN => cost(&message, |message| {
                let _refused_or_not = AddChainRequest::decode(message);
            }),
            _ => cost(&message, |message| {
                let _refused_or_not = CreateEntryRequest::decode(message);
            }),
        };
        assert!(decoding > 8.0, "{what} costs {decoding:.1} only");
    }
    let harmless = [
        (
            "a payload",
            dsse(&field(1, &vec![0x1a; LENGTH]), &field(2, &[])),
            1,
        ),
        ("envelopes one after the other", many(&dsse(&[], &[])), 0),
        ("unknown members", many(&field(15, &[])), 0),
        (
            "as many signatures as may be",
            dsse(&field(3, &[]).repeat(MOST), &[]),
            MOST,
        ),
        (
            "a list that is cut off",
            {
                let whole = dsse(&field(3, &[]).repeat(9), &[]);
                whole[..whole.len() - 3].to_vec()
            },
            0,
        ),
    ];
    for (what, message, expected) in harmless {
        assert_eq!(elements(CREATE_ENTRY, &message, MOST), expected, "{what}");
        let decoding = cost(&message, |message| {
            let _refused_or_not = CreateEntryRequest::decode(message);
        });
        // A thousand empty elements are more than their few bytes, and little.
        let most = 2.0f64.max(300_000.0 / message.len() as f64);
        assert!(
            decoding < most,
            "{what} costs {decoding:.1} times its length"
        );
    }
}
