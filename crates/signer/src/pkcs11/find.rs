//! Which slot, and which objects, a URI names.

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use sigstead_key::PublicKey;

use super::encoding::{self, PublicParts};
use crate::Error;
use crate::key_config::Pkcs11Key;

/// A private key of a token.
pub(super) struct PrivateObject {
    pub(super) handle: ObjectHandle,
    /// What its public half has too.
    id: Vec<u8>,
}

/// The slot of the one token that a URI names.
pub(super) fn slot(context: &Pkcs11, key: &Pkcs11Key) -> Result<Slot, Error> {
    let failed = |error| Error::token(key, &error);
    let mut found = Vec::new();
    for slot in context.get_slots_with_token().map_err(failed)? {
        // A slot whose token is being pulled out is passed over.
        let Ok(token) = context.get_token_info(slot) else {
            continue;
        };
        let is = |wanted: &Option<String>, text: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == text)
        };
        let is_named =
            is(&key.uri.token, token.label()) && is(&key.uri.serial, token.serial_number());
        if token.token_initialized() && is_named {
            found.push(slot);
        }
    }
    match found.as_slice() {
        [slot] => Ok(*slot),
        [] => Err(Error::TokenAbsent(key.uri.to_string())),
        _ => Err(Error::TokenAmbiguous(key.uri.to_string())),
    }
}

/// The one private key that a URI names.
pub(super) fn private_half(session: &Session, key: &Pkcs11Key) -> Result<PrivateObject, Error> {
    let found = session.find_objects(&named(key, ObjectClass::PRIVATE_KEY));
    let found = found.map_err(|error| Error::token(key, &error))?;
    let handle = match found.as_slice() {
        [handle] => *handle,
        [] => return Err(Error::KeyAbsent(key.uri.to_string())),
        _ => return Err(Error::KeyAmbiguous(key.uri.to_string())),
    };
    let attributes = session.get_attributes(handle, &[AttributeType::Id]);
    let attributes = attributes.map_err(|error| Error::token(key, &error))?;
    let id = attributes
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::Id(id) => Some(id),
            _ => None,
        });
    Ok(PrivateObject {
        handle,
        id: id.unwrap_or_default(),
    })
}

/// The public half, which is another object of the token.
pub(super) fn public_half(
    session: &Session,
    private: &PrivateObject,
    key: &Pkcs11Key,
) -> Result<PublicKey, Error> {
    let failed = |error| Error::token(key, &error);
    let template = match private.id.is_empty() {
        false => vec![
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::Id(private.id.clone()),
        ],
        true => named(key, ObjectClass::PUBLIC_KEY),
    };
    let found = session.find_objects(&template).map_err(failed)?;
    let [handle] = found.as_slice() else {
        return Err(Error::PublicHalfAbsent(key.uri.to_string()));
    };
    let attributes = session.get_attributes(*handle, &PARTS).map_err(failed)?;
    encoding::public_key(&parts(attributes))
}

fn named(key: &Pkcs11Key, class: ObjectClass) -> Vec<Attribute> {
    let label = key.uri.object.as_ref();
    let label = label.map(|label| Attribute::Label(label.clone().into_bytes()));
    let id = key.uri.id.clone().map(Attribute::Id);
    let class = std::iter::once(Attribute::Class(class));
    class.chain(label).chain(id).collect()
}

fn parts(attributes: Vec<Attribute>) -> PublicParts {
    let mut parts = PublicParts::default();
    for attribute in attributes {
        match attribute {
            Attribute::KeyType(kind) => parts.is_edwards = kind == KeyType::EC_EDWARDS,
            Attribute::EcParams(curve) => parts.curve = Some(curve),
            Attribute::EcPoint(point) => parts.point = Some(point),
            Attribute::Modulus(modulus) => parts.modulus = Some(modulus),
            Attribute::PublicExponent(exponent) => parts.exponent = Some(exponent),
            _ => {}
        }
    }
    parts
}

const PARTS: [AttributeType; 5] = [
    AttributeType::KeyType,
    AttributeType::EcParams,
    AttributeType::EcPoint,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
];
