//! Attestations of `YubiHSM` 2 (Yubico's documentation of the device, Attestation).

use der::asn1::{ObjectIdentifier, OctetStringRef, Utf8StringRef};

use super::device::{Attested, Extensions, fact, version};

/// Whether a certificate says where a key of such a device came from.
pub(super) fn attests(extensions: &Extensions<'_>) -> bool {
    extensions.bytes(ORIGIN).is_some()
}

pub(super) fn read(extensions: &Extensions<'_>) -> Result<Attested, &'static str> {
    let firmware = extensions.value::<&OctetStringRef>(FIRMWARE)?.as_bytes();
    let firmware = firmware
        .try_into()
        .map_err(|_| "its version has another length")?;
    let [origin] = extensions.bits(ORIGIN)?;
    let domains = u16::from_be_bytes(extensions.bits(DOMAINS)?);
    let capabilities = u64::from_be_bytes(extensions.bits(CAPABILITIES)?);
    let mut facts = vec![
        fact("firmware", version(firmware)),
        fact("serial", extensions.number(SERIAL)?.to_string()),
        fact("object", format!("0x{:04x}", extensions.number(OBJECT)?)),
        fact("origin", from(origin)),
        fact("domains", numbered(domains)),
        fact("capabilities", format!("0x{capabilities:016x}")),
    ];
    if extensions.bytes(LABEL).is_some() {
        let label = extensions.value::<Utf8StringRef<'_>>(LABEL)?;
        facts.push(fact("label", label.as_str().escape_debug().to_string()));
    }
    Ok(Attested {
        device: "YubiHSM 2",
        facts,
        is_made_there: origin == GENERATED,
        is_exportable: capabilities & EXPORTABLE_UNDER_WRAP != 0,
    })
}

fn from(origin: u8) -> String {
    let names = [
        (GENERATED, "made there"),
        (IMPORTED, "brought in"),
        (IMPORTED_WRAPPED, "brought in encrypted"),
    ];
    let named = names.iter().filter(|(bit, _)| origin & bit != 0);
    let named: Vec<_> = named.map(|(_, name)| *name).collect();
    let known = GENERATED | IMPORTED | IMPORTED_WRAPPED;
    match origin & !known == 0 && !named.is_empty() {
        true => named.join(", "),
        false => format!("0x{origin:02x}"),
    }
}

fn numbered(domains: u16) -> String {
    let all = (0..16).filter(|bit| domains >> bit & 1 == 1);
    let all: Vec<_> = all.map(|bit| (bit + 1).to_string()).collect();
    all.join(" ")
}

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.1");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.2");
const ORIGIN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.3");
const DOMAINS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.4");
const CAPABILITIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.5");
const OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.6");
const LABEL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.4.9");

const GENERATED: u8 = 0x01;
const IMPORTED: u8 = 0x02;
const IMPORTED_WRAPPED: u8 = 0x10;

/// The capability of the number 16.
const EXPORTABLE_UNDER_WRAP: u64 = 1 << 16;
