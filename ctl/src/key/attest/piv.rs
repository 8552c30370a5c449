//! Attestations of the PIV application of `YubiKeys` (Yubico's documentation, PIV Attestation). The device makes one only of a key
//! that was made in it, and has no way to give such a key out.

use der::asn1::ObjectIdentifier;

use super::device::{Attested, Extensions, Fact, fact, version};

/// Whether a certificate says which device made it.
pub(super) fn attests(extensions: &Extensions<'_>) -> bool {
    extensions.bytes(FIRMWARE).is_some() && extensions.bytes(POLICIES).is_some()
}

/// Versions and policies are bytes without a form around them.
pub(super) fn read(extensions: &Extensions<'_>) -> Result<Attested, &'static str> {
    let firmware = extensions.bytes(FIRMWARE).unwrap_or_default();
    let firmware = firmware
        .try_into()
        .map_err(|_| "its version has another length")?;
    let policies = extensions.bytes(POLICIES).unwrap_or_default();
    let [pin, touch]: [u8; 2] = policies
        .try_into()
        .map_err(|_| "its policies have another length")?;
    let mut facts = vec![fact("firmware", version(firmware))];
    // A device may be told not to show its number.
    if extensions.bytes(SERIAL).is_some() {
        facts.push(fact("serial", extensions.number(SERIAL)?.to_string()));
    }
    facts.push(named(
        "PIN",
        pin,
        &["never", "once", "always", "match once", "match always"],
    ));
    facts.push(named("touch", touch, &["never", "always", "cached"]));
    if let Some(form) = extensions.bytes(FORM_FACTOR) {
        let [form]: [u8; 1] = form
            .try_into()
            .map_err(|_| "its form factor has another length")?;
        facts.push(fact("form factor", format!("0x{form:02x}")));
    }
    Ok(Attested {
        device: "YubiKey",
        facts,
        is_made_there: true,
        is_exportable: false,
    })
}

/// Policies are counted from one.
fn named(name: &'static str, policy: u8, names: &[&str]) -> Fact {
    let known = usize::from(policy)
        .checked_sub(1)
        .and_then(|number| names.get(number));
    match known {
        Some(known) => fact(name, *known),
        None => fact(name, format!("policy {policy}")),
    }
}

const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.3");
const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.7");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
const FORM_FACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");
