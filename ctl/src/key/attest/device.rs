//! What a device says of a key, whichever device it is.

use der::Decode;
use der::asn1::{BitStringRef, ObjectIdentifier, UintRef};
use serde::Serialize;
use sigstead_x509::Extension;

use crate::failure::{Exit, Failure};

/// What an attestation says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attested {
    pub(super) device: &'static str,
    pub(super) facts: Vec<Fact>,
    /// Whether the key was made in the device and was never elsewhere.
    pub(super) is_made_there: bool,
    /// Whether the key may leave the device encrypted to another key of it.
    pub(super) is_exportable: bool,
}

/// One thing that the device says.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl Attested {
    /// What was elsewhere may still be there.
    pub(super) fn refuse_brought_in(&self) -> Result<(), Failure> {
        match self.is_made_there {
            true => Ok(()),
            false => Err(Failure::new(
                "E-KEY-046",
                format!("the {} says that the key was brought into it", self.device),
                "make the key in the device: sigctl key create",
            )
            .exit(Exit::Refused)),
        }
    }
}

/// The extensions of an attestation, by number.
pub(super) struct Extensions<'a>(pub(super) &'a [Extension]);

impl<'a> Extensions<'a> {
    /// What an extension has, in whatever form.
    pub(super) fn bytes(&self, oid: ObjectIdentifier) -> Option<&'a [u8]> {
        let mut all = self.0.iter();
        let found = all.find(|extension| extension.oid == oid)?;
        Some(&found.value)
    }

    /// A value in DER, with nothing behind it.
    pub(super) fn value<T: Decode<'a>>(&self, oid: ObjectIdentifier) -> Result<T, &'static str> {
        let bytes = self.bytes(oid).ok_or("a part of it is missing")?;
        T::from_der(bytes).map_err(|_| "a part of it is malformed")
    }

    /// A whole number, as people read it.
    pub(super) fn number(&self, oid: ObjectIdentifier) -> Result<u64, &'static str> {
        let number = self.value::<UintRef<'_>>(oid)?;
        let bytes = number.as_bytes();
        let mut wide = [0; 8];
        let start = wide.len().checked_sub(bytes.len());
        let start = start.ok_or("a number in it is too large")?;
        wide[start..].copy_from_slice(bytes);
        Ok(u64::from_be_bytes(wide))
    }

    /// Bits in whole bytes, the first byte the highest.
    pub(super) fn bits<const N: usize>(
        &self,
        oid: ObjectIdentifier,
    ) -> Result<[u8; N], &'static str> {
        let bits = self.value::<BitStringRef<'_>>(oid)?;
        let bytes = bits.as_bytes().ok_or("bits in it are no whole bytes")?;
        bytes
            .try_into()
            .map_err(|_| "bits in it have another length")
    }
}

pub(super) fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

/// As `2.4.1`.
pub(super) fn version([major, minor, patch]: [u8; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}
