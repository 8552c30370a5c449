//! Protobuf-JSON, with the habits of the gateways that clients are used to: members with default values are written,
//! unknown members are read over unless the caller asks for strictness.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};

use crate::{Error, FILE_DESCRIPTOR_SET};

/// What to do with members that the message does not have, and with unknown names of enum values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Read over them.
    Ignore,
    /// Refuse the document.
    Refuse,
}

/// A message of these definitions.
pub trait Document: Message + Name + Default {}

impl<M: Message + Name + Default> Document for M {}

/// One line of JSON.
#[must_use]
pub fn encode<M: Document>(message: &M) -> String {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut json);
    // A message of a known type always has a JSON form; only the writer could fail, and it is memory.
    let written = dynamic(message).and_then(|message| {
        message
            .serialize_with_options(&mut serializer, &options())
            .ok()
    });
    written
        .and_then(|()| String::from_utf8(json).ok())
        .unwrap_or_default()
}

/// Reads a message.
///
/// # Errors
/// If the document is not a message of this type.
pub fn decode<M: Document>(json: &[u8], unknown: Unknown) -> Result<M, Error> {
    let malformed = |source| Error::Json {
        message: M::full_name(),
        source,
    };
    let descriptor = descriptor::<M>().ok_or(Error::Missing("the message's definition"))?;
    let options = DeserializeOptions::new().deny_unknown_fields(unknown == Unknown::Refuse);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut deserializer, &options)
        .map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    message
        .transcode_to()
        .map_err(|_| Error::OutOfRange("a member"))
}

fn options() -> SerializeOptions {
    SerializeOptions::new().skip_default_fields(false)
}

fn dynamic<M: Message + Name>(message: &M) -> Option<DynamicMessage> {
    DynamicMessage::decode(descriptor::<M>()?, message.encode_to_vec().as_slice()).ok()
}

fn descriptor<M: Name>() -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(&M::full_name())
}

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok());
