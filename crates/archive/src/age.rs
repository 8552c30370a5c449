//! The header of an age file with one recipient, a passphrase (C2SP age §Header, §scrypt recipient stanza).

use std::io::{BufRead, Read};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::error::Error;

/// The key of a file's content, and how many bytes stand before that content.
pub(crate) struct Opened {
    pub(crate) payload_key: LessSafeKey,
    pub(crate) header_bytes: u64,
}

type FileKey = Zeroizing<[u8; 16]>;

/// The header of a new file, and the key of its content.
pub(crate) fn begin(passphrase: &[u8], log_n: u8) -> Result<(Vec<u8>, LessSafeKey), Error> {
    let file_key: FileKey = Zeroizing::new(random()?);
    let (salt, nonce) = (random::<16>()?, random::<16>()?);
    let wrap_key = wrap_key(passphrase, &salt, log_n)?;
    let mut body = file_key.to_vec();
    wrap_key
        .seal_in_place_append_tag(zero_nonce(), Aad::empty(), &mut body)
        .map_err(|_| Error::Cipher)?;
    let mut header = format!(
        "{VERSION}\n{STANZA}{} {log_n}\n{}\n{FOOTER}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(&body)
    );
    let mac = hmac::sign(&mac_key(&file_key)?, header.as_bytes());
    header.push_str(&format!(" {}\n", STANDARD_NO_PAD.encode(mac.as_ref())));
    let mut bytes = header.into_bytes();
    bytes.extend_from_slice(&nonce);
    Ok((bytes, payload_key(&file_key, &nonce)?))
}

/// Reads a header up to the first byte of the content.
pub(crate) fn open(input: &mut impl BufRead, passphrase: &[u8]) -> Result<Opened, Error> {
    let version = line(input)?;
    if version != VERSION {
        return Err(Error::NotAge);
    }
    let (stanza, body, last) = (line(input)?, line(input)?, line(input)?);
    let recipient = stanza.strip_prefix(STANZA).ok_or(Error::OtherRecipient)?;
    let (salt, log_n) = recipient.split_once(' ').ok_or(Error::Header)?;
    let salt: [u8; 16] = decode(salt)?;
    let wrapped: [u8; 32] = decode(&body)?;
    let file_key = unwrap(passphrase, &salt, work_factor(log_n)?, wrapped)?;
    let mac = last
        .strip_prefix(FOOTER)
        .and_then(|it| it.strip_prefix(' '));
    let mac: [u8; 32] = decode(mac.ok_or(Error::Header)?)?;
    let covered = format!("{version}\n{stanza}\n{body}\n{FOOTER}");
    hmac::verify(&mac_key(&file_key)?, covered.as_bytes(), &mac).map_err(|_| Error::Header)?;
    let mut nonce = [0; 16];
    let header_bytes = covered.len() + last.len() - FOOTER.len() + 1 + nonce.len();
    let header_bytes = header_bytes as u64;
    input
        .read_exact(&mut nonce)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::CutOff { at: header_bytes },
            _ => Error::Io(error),
        })?;
    Ok(Opened {
        payload_key: payload_key(&file_key, &nonce)?,
        header_bytes,
    })
}

/// A line of the header without its end. No line of a header that we read is longer than this.
fn line(input: &mut impl BufRead) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let mut limited = input.take(LONGEST_LINE);
    limited.read_until(b'\n', &mut bytes).map_err(Error::Io)?;
    match bytes.pop() {
        Some(b'\n') => String::from_utf8(bytes).map_err(|_| Error::NotAge),
        _ => Err(Error::NotAge),
    }
}

/// A decimal number without a sign or leading zeros, as the specification demands.
fn work_factor(text: &str) -> Result<u8, Error> {
    let log_n: u8 = text.parse().map_err(|_| Error::Header)?;
    if log_n == 0 || log_n.to_string() != text {
        return Err(Error::Header);
    }
    // It comes from outside, and doubles the memory that it takes.
    match log_n <= MOST_WORK {
        true => Ok(log_n),
        false => Err(Error::WorkFactor {
            log_n,
            most: MOST_WORK,
        }),
    }
}

fn unwrap(
    passphrase: &[u8],
    salt: &[u8; 16],
    log_n: u8,
    mut wrapped: [u8; 32],
) -> Result<FileKey, Error> {
    let key = wrap_key(passphrase, salt, log_n)?;
    let opened = key
        .open_in_place(zero_nonce(), Aad::empty(), &mut wrapped)
        .map_err(|_| Error::Passphrase)?;
    let file_key = <[u8; 16]>::try_from(&*opened).map_err(|_| Error::Header)?;
    Ok(Zeroizing::new(file_key))
}

fn wrap_key(passphrase: &[u8], salt: &[u8; 16], log_n: u8) -> Result<LessSafeKey, Error> {
    let params = scrypt::Params::new(log_n, 8, 1).map_err(|_| Error::Cipher)?;
    let salt = [SCRYPT_SALT, salt.as_slice()].concat();
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase, &salt, &params, &mut *key).map_err(|_| Error::Cipher)?;
    cipher(&*key)
}

fn mac_key(file_key: &FileKey) -> Result<hmac::Key, Error> {
    let key = derive(file_key, &[], b"header")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*key))
}

fn payload_key(file_key: &FileKey, nonce: &[u8; 16]) -> Result<LessSafeKey, Error> {
    cipher(&*derive(file_key, nonce, b"payload")?)
}

fn derive(file_key: &FileKey, salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&**file_key);
    let mut key = Zeroizing::new([0; 32]);
    extracted
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|expanded| expanded.fill(&mut *key))
        .map_err(|_| Error::Cipher)?;
    Ok(key)
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Error> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| Error::Cipher)?;
    Ok(LessSafeKey::new(key))
}

/// Every wrap key wraps one file key.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// Base64 without padding, in its one spelling.
fn decode<const N: usize>(text: &str) -> Result<[u8; N], Error> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Error::Header)?;
    bytes.try_into().map_err(|_| Error::Header)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Cipher)?;
    Ok(bytes)
}

const VERSION: &str = "age-encryption.org/v1";
const STANZA: &str = "-> scrypt ";
const FOOTER: &str = "---";
const SCRYPT_SALT: &[u8] = b"age-encryption.org/v1/scrypt";

const LONGEST_LINE: u64 = 256;

/// A gibibyte of memory; the program age chooses 18, a quarter of it.
const MOST_WORK: u8 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(header: &str, passphrase: &[u8]) -> String {
        match open(&mut header.as_bytes(), passphrase) {
            Ok(_) => "opened".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn header() -> String {
        let (bytes, _) = begin(b"secret", 2).unwrap();
        String::from_utf8(bytes[..bytes.len() - 16].to_vec()).unwrap()
    }

    #[test]
    fn a_header_opens_under_its_passphrase_alone() {
        let (bytes, _) = begin(b"secret", 2).unwrap();
        let opened = open(&mut bytes.as_slice(), b"secret").unwrap();
        assert_eq!(opened.header_bytes, bytes.len() as u64);
        let other = open(&mut bytes.as_slice(), b"Secret").err().unwrap();
        assert!(matches!(other, Error::Passphrase), "{other}");
        let cut = open(&mut &bytes[..bytes.len() - 1], b"secret")
            .err()
            .unwrap();
        assert!(matches!(cut, Error::CutOff { .. }), "{cut}");
    }

    #[test]
    fn a_header_that_was_changed_is_refused_for_what_is_wrong_with_it() {
        let good = header();
        for (changed, says) in [
            (good.replace("v1", "v2"), "no age file"),
            (
                good.replace("-> scrypt", "-> X25519"),
                "no passphrase opens",
            ),
            (good.replace(" 2\n", " 02\n"), "header is damaged"),
            (good.replace(" 2\n", " +2\n"), "header is damaged"),
            (good.replace(" 2\n", " 0\n"), "header is damaged"),
            (good.replace(" 2\n", " 21\n"), "work factor of 21"),
            (good.replace(" 2\n", " 3\n"), "passphrase does not open"),
            (good.replace("--- ", "---"), "header is damaged"),
            (good.replace("--- ", "--- A"), "header is damaged"),
            (String::new(), "no age file"),
            ("x".repeat(100_000), "no age file"),
        ] {
            let said = refusal(&changed, b"secret");
            assert!(said.contains(says), "{changed}: {said}");
        }
    }
}
