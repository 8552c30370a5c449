//! Counts what the lists of a message hold before anything is made of them.
//!
//! An element of a list takes two bytes of a message at least, and in memory as much as its type: a message of nothing but
//! empty elements would take many times its length once it is decoded.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

use crate::FILE_DESCRIPTOR_SET;

/// How many elements all lists in the request of a method hold together, also below its top. It stops counting beyond
/// `most`, and where the message is malformed, because nothing is decoded from there on either.
///
/// `method` is a path such as `/package.Service/Method`; the requests of others have no elements.
#[must_use]
pub fn elements(method: &str, mut message: &[u8], most: usize) -> usize {
    let mut count = Count { found: 0, most };
    if let Some(request) = REQUESTS.get(method) {
        // Whether it came to the end does not matter: what it found until there does.
        let _whole = count.message(request, &mut message, 0, DEPTH);
    }
    count.found
}

struct Count {
    found: usize,
    most: usize,
}

impl Count {
    /// Counts in what comes before the last `after` bytes; `None` ends the counting.
    ///
    /// As in the decoder, only the whole message bounds what is in it: one that overlaps its parent is refused by the
    /// decoder as well, but not before it is decoded.
    fn message(
        &mut self,
        descriptor: &MessageDescriptor,
        rest: &mut &[u8],
        after: usize,
        depth: usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        while rest.len() > after {
            let (number, wire_type) = decode_key(rest).ok()?;
            match descriptor.get_field(number) {
                Some(field) if wire_type == WireType::LengthDelimited => {
                    self.field(&field, rest, depth)?;
                }
                field => {
                    self.add(field.is_some_and(|field| is_many(&field)).into())?;
                    skip_field(wire_type, number, rest, DecodeContext::default()).ok()?;
                }
            }
        }
        (rest.len() == after).then_some(())
    }

    fn field(&mut self, field: &FieldDescriptor, rest: &mut &[u8], depth: usize) -> Option<()> {
        let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
        let after = rest.len().checked_sub(length)?;
        match field.kind() {
            Kind::Message(inner) => {
                self.add(is_many(field).into())?;
                return self.message(&inner, rest, after, depth);
            }
            Kind::String | Kind::Bytes => self.add(is_many(field).into())?,
            // Packed numbers, each of which has a byte at least.
            _ if is_many(field) => self.add(length)?,
            _ => {}
        }
        *rest = rest.get(length..)?;
        Some(())
    }

    fn add(&mut self, elements: usize) -> Option<()> {
        self.found = self.found.saturating_add(elements);
        (self.found <= self.most).then_some(())
    }
}

fn is_many(field: &FieldDescriptor) -> bool {
    field.cardinality() == Cardinality::Repeated
}

/// The requests of all methods, by the paths of the methods.
pub(crate) static REQUESTS: LazyLock<BTreeMap<String, MessageDescriptor>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let methods = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    let request = |method: prost_reflect::MethodDescriptor| {
        let service = method.parent_service().full_name().to_owned();
        (format!("/{service}/{}", method.name()), method.input())
    };
    methods.map(request).collect()
});

/// The depth to which messages are decoded, and one more.
const DEPTH: usize = 101;
