use aws_lc_rs::aead::{CHACHA20_POLY1305, UnboundKey};

use super::*;

fn key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &[7; 32]).unwrap())
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let mut encryptor = Encryptor::new(key(), Vec::new());
    // In pieces that do not fit the chunks.
    for piece in plain.chunks(9_999) {
        encryptor.write_all(piece).unwrap();
    }
    encryptor.finish().unwrap()
}

fn opened(sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    let read = Decryptor::new(key(), 0, sealed).read_to_end(&mut plain);
    read.map(|_| plain).map_err(Error::of)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn what_is_sealed_is_opened_at_every_length_around_a_chunk() {
    for length in [
        0,
        1,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        3 * CHUNK_BYTES,
    ] {
        let plain = bytes(length);
        let sealed = sealed(&plain);
        let chunks = length.div_ceil(CHUNK_BYTES).max(1);
        assert_eq!(sealed.len(), length + chunks * TAG_BYTES, "{length}");
        assert_eq!(opened(&sealed).unwrap(), plain, "{length}");
    }
}

#[test]
fn a_flipped_bit_is_told_with_its_chunk_and_nothing_of_it_is_given() {
    let plain = bytes(2 * CHUNK_BYTES + 100);
    let good = sealed(&plain);
    let size = CHUNK_BYTES + TAG_BYTES;
    for (at, from, to) in [
        (0, 0, size),
        (size - 1, 0, size),
        (size, size, 2 * size),
        (good.len() - 1, 2 * size, good.len()),
    ] {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        let mut given = Vec::new();
        let mut decryptor = Decryptor::new(key(), 0, damaged.as_slice());
        let error = Error::of(decryptor.read_to_end(&mut given).unwrap_err());
        let (from, to) = (from as u64, to as u64);
        assert!(
            matches!(error, Error::Damaged { from: f, to: t } if (f, t) == (from, to)),
            "{at}: {error}"
        );
        assert_eq!(given.len() % CHUNK_BYTES, 0, "{at}");
        assert_eq!(given, plain[..given.len()], "{at}");
    }
}

#[test]
fn a_file_that_ends_early_is_noticed_wherever_it_was_cut() {
    let good = sealed(&bytes(2 * CHUNK_BYTES + 100));
    let size = CHUNK_BYTES + TAG_BYTES;
    for at in [0, size, 2 * size] {
        let error = opened(&good[..at]).unwrap_err();
        assert!(
            matches!(error, Error::CutOff { at: told } if told == at as u64),
            "{at}: {error}"
        );
    }
    for at in [1, size - 1, size + 1, good.len() - 1] {
        let error = opened(&good[..at]).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{at}: {error}");
    }
}

#[test]
fn chunks_in_another_order_or_behind_the_last_are_refused() {
    let good = sealed(&bytes(2 * CHUNK_BYTES + 100));
    let size = CHUNK_BYTES + TAG_BYTES;
    let swapped = [&good[size..2 * size], &good[..size], &good[2 * size..]].concat();
    let longer = [&good[..], b"more"].concat();
    for changed in [swapped, longer] {
        let error = opened(&changed).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_file_of_another_implementation_is_read() {
    let mut file = &include_bytes!("../../tests/testdata/age-1.1.1.age")[..];
    let opened = crate::age::open(&mut file, b"correct horse").unwrap();
    let mut decryptor = Decryptor::new(opened.payload_key, opened.header_bytes, file);
    let mut plain = String::new();
    decryptor.read_to_string(&mut plain).unwrap();
    assert_eq!(plain, "written by another implementation\n".repeat(3000));
}
