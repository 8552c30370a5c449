//! A list is no object, wherever it stands.

use serde_json::Value;

use crate::world::{
    good_dsse, good_hashedrekord, good_intoto001, good_intoto002, proposal, propose, verify,
};

#[test]
fn no_object_of_a_proposal_can_be_a_list_of_its_members() {
    let entries = [
        good_hashedrekord(),
        good_dsse("{}"),
        good_intoto001("{}"),
        good_intoto002("{}"),
    ];
    for entry in entries {
        assert!(verify(&entry).is_ok(), "{entry}");
        let objects = objects_of(&entry);
        assert!(objects.len() > 1, "{objects:?}");
        for pointer in objects {
            let mut changed = entry.clone();
            let object = changed.pointer_mut(&pointer).unwrap();
            *object = members(object);
            let error = propose(&changed).unwrap_err();
            let sigstead_entry::v1::Error::Schema(source) = error else {
                panic!("{pointer}: {error}");
            };
            let message = source.to_string();
            assert!(
                message.contains("expected an object"),
                "{pointer}: {message}"
            );
        }
    }
}

#[test]
fn no_object_of_an_envelope_can_be_a_list_of_its_members() {
    let entry = good_dsse("{}");
    let place = "/spec/proposedContent/envelope";
    let envelope: Value =
        serde_json::from_str(entry.pointer(place).unwrap().as_str().unwrap()).unwrap();
    for pointer in objects_of(&envelope) {
        let mut changed = envelope.clone();
        let object = changed.pointer_mut(&pointer).unwrap();
        *object = in_order(object);
        let mut bad = entry.clone();
        *bad.pointer_mut(place).unwrap() = changed.to_string().into();
        let error = propose(&bad).unwrap_err();
        assert!(
            matches!(error, sigstead_entry::v1::Error::Envelope(_)),
            "{pointer}: {error}"
        );
    }
}

#[test]
fn a_list_is_read_no_further_than_any_request_needs() {
    let many = vec![Value::from("YQ=="); 257];
    let content = serde_json::json!({"envelope": "{}", "verifiers": many});
    let spec = serde_json::json!({"proposedContent": content});
    let error = propose(&proposal("dsse", "0.0.1", spec)).unwrap_err();
    let sigstead_entry::v1::Error::Schema(source) = error else {
        panic!("{error}");
    };
    assert!(source.to_string().contains("more than 256"), "{source}");
}

/// Where the objects of a document are, below its top.
fn objects_of(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                found.push(pointer.clone());
                let members = members.iter();
                open.extend(members.map(|(name, value)| (format!("{pointer}/{name}"), value)));
            }
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                open.extend(elements.map(|(at, value)| (format!("{pointer}/{at}"), value)));
            }
            _ => {}
        }
    }
    found
}

fn members(object: &Value) -> Value {
    object.as_object().unwrap().values().cloned().collect()
}

/// The members of an envelope as a struct would have them: the type before the payload.
fn in_order(object: &Value) -> Value {
    let order = ["payloadType", "payload", "signatures", "sig"];
    let members = order.iter().filter_map(|name| object.get(name));
    members.cloned().collect()
}
