//! Which device an attestation is of.

use sigstead_x509::Extension;

use super::device::{Attested, Extensions};
use super::{piv, yubihsm};
use crate::failure::{Exit, Failure};

/// Reads an attestation of one of the forms that are known. What is of none, or lacks a part of its form, is refused.
pub(super) fn read(extensions: &[Extension]) -> Result<Attested, Failure> {
    let extensions = Extensions(extensions);
    let read = match (yubihsm::attests(&extensions), piv::attests(&extensions)) {
        (true, false) => yubihsm::read(&extensions),
        (false, true) => piv::read(&extensions),
        (false, false) => Err("it has no extension of an attestation that is known"),
        (true, true) => Err("it has extensions of two devices"),
    };
    read.map_err(unknown)
}

fn unknown(why: &'static str) -> Failure {
    Failure::new(
        "E-KEY-044",
        "the certificate is no attestation that is known here",
        "attestations of YubiHSM 2 and of the PIV application of YubiKeys are; docs/keys.md tells their forms",
    )
    .because(why)
    .exit(Exit::Refused)
}

#[cfg(test)]
mod tests {
    use der::asn1::ObjectIdentifier;

    use super::*;

    /// As a device with the firmware 2.4.1 has them, by the last two parts of their numbers.
    const YUBIHSM: [(&str, &[u8]); 7] = [
        ("4.1", &[4, 3, 2, 4, 1]),
        ("4.2", &[2, 4, 2, 11, 217, 253]),
        ("4.3", &[3, 2, 0, 1]),
        ("4.4", &[3, 3, 0, 0, 5]),
        ("4.5", &[3, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0x80]),
        ("4.6", &[2, 1, 3]),
        ("4.9", &[12, 2, b'c', b'a']),
    ];

    const PIV: [(&str, &[u8]); 4] = [
        ("3.3", &[5, 7, 1]),
        ("3.7", &[2, 4, 1, 2, 3, 4]),
        ("3.8", &[2, 1]),
        ("3.9", &[3]),
    ];

    fn read(extensions: &[(&str, &[u8])]) -> Result<Attested, Failure> {
        let extensions = extensions.iter().map(|(oid, value)| Extension {
            oid: ObjectIdentifier::new(&format!("1.3.6.1.4.1.41482.{oid}")).unwrap(),
            critical: false,
            value: value.to_vec(),
        });
        super::read(&extensions.collect::<Vec<_>>())
    }

    fn with<'a>(
        all: &[(&'a str, &'a [u8])],
        oid: &str,
        value: &'a [u8],
    ) -> Result<Attested, Failure> {
        let changed = all.iter().map(|each| match each.0 == oid {
            true => (each.0, value),
            false => *each,
        });
        read(&changed.collect::<Vec<_>>())
    }

    #[test]
    fn what_each_device_says_is_read() {
        let attested = read(&YUBIHSM).unwrap();
        let facts: Vec<_> = attested
            .facts
            .iter()
            .map(|fact| fact.value.as_str())
            .collect();
        let capabilities = "0x0000000000000180";
        assert_eq!(
            facts,
            [
                "2.4.1",
                "34331133",
                "0x0003",
                "made there",
                "1 3",
                capabilities,
                "ca"
            ]
        );
        assert!(attested.is_made_there && !attested.is_exportable);
        let attested = read(&PIV).unwrap();
        let facts: Vec<_> = attested
            .facts
            .iter()
            .map(|fact| fact.value.as_str())
            .collect();
        assert_eq!(facts, ["5.7.1", "16909060", "once", "never", "0x03"]);
        assert!(attested.is_made_there && !attested.is_exportable);
        // An older device says less.
        assert_eq!(read(&[PIV[0], PIV[2]]).unwrap().facts.len(), 3);
    }

    #[test]
    fn a_key_that_was_elsewhere_is_not_one_that_was_made_there() {
        for origin in [0x00, 0x02, 0x03, 0x10, 0x11, 0x12, 0x05] {
            let attested = with(&YUBIHSM, "4.3", &[3, 2, 0, origin]).unwrap();
            let refused = attested.refuse_brought_in().unwrap_err();
            assert_eq!(refused.code(), "E-KEY-046", "{origin}");
        }
        let exportable = &[3, 9, 0, 0, 0, 0, 0, 0, 1, 1, 0x80];
        assert!(with(&YUBIHSM, "4.5", exportable).unwrap().is_exportable);
    }

    #[test]
    fn what_lacks_a_part_or_has_a_malformed_one_is_no_attestation() {
        for part in 0..6 {
            let mut less = YUBIHSM.to_vec();
            less.remove(part);
            assert_eq!(read(&less).unwrap_err().code(), "E-KEY-044", "{part}");
        }
        for (oid, value) in [
            ("4.1", &[4, 2, 2, 4][..]),
            ("4.1", &[4, 3, 2, 4, 1, 0]),
            ("4.2", &[2, 1, 0xff]),
            ("4.2", &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("4.3", &[3, 2, 1, 0]),
            ("4.3", &[3, 3, 0, 1, 1]),
            ("4.3", &[12, 1, 1]),
            ("4.4", &[3, 2, 0, 1]),
            ("4.5", &[3, 2, 0, 1]),
            ("4.9", &[12, 1, 0xff]),
        ] {
            let refused = with(&YUBIHSM, oid, value).unwrap_err();
            assert_eq!(refused.code(), "E-KEY-044", "{oid} {value:?}");
        }
        for (oid, value) in [
            ("3.3", &[5, 7][..]),
            ("3.7", &[4, 1, 1]),
            ("3.8", &[1]),
            ("3.9", &[1, 2]),
        ] {
            let refused = with(&PIV, oid, value).unwrap_err();
            assert_eq!(refused.code(), "E-KEY-044", "{oid} {value:?}");
        }
        assert_eq!(read(&[]).unwrap_err().code(), "E-KEY-044");
        assert_eq!(read(&[PIV[0]]).unwrap_err().code(), "E-KEY-044");
        let both = read(&[&YUBIHSM[..], &PIV].concat());
        assert_eq!(both.unwrap_err().code(), "E-KEY-044");
    }
}
