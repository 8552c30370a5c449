//! Certificates and requests that are well formed and that nobody signed.

/// A certificate over `spki` with `extensions` empty extensions, each of a type of its own, and one of `filling` bytes.
pub(crate) fn certificate(spki: &[u8], extensions: u32, filling: usize) -> Vec<u8> {
    let algorithm = sequence(&[&object(ECDSA)]);
    let name = sequence(&[&object(&[0x55, 0x04, 0x03]), &value(0x0c, b"nobody")]);
    let name = sequence(&[&value(0x31, &name)]);
    let time = value(0x17, b"260101000000Z");
    let until = value(0x17, b"491231235959Z");
    let mut listed: Vec<_> = (0..extensions).map(|number| extension(number, 0)).collect();
    listed.push(extension(extensions, filling));
    let listed = sequence(&listed.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let to_be_signed = sequence(&[
        &value(0xa0, &value(0x02, &[2])),
        &value(0x02, &[1]),
        &algorithm,
        &name,
        &sequence(&[&time, &until]),
        &name,
        spki,
        &value(0xa3, &listed),
    ]);
    sequence(&[&to_be_signed, &algorithm, &value(0x03, &[0, 0x30, 0x00])])
}

/// A request for a certificate over `spki` with so many extensions in its attributes.
pub(crate) fn request(spki: &[u8], extensions: u32) -> Vec<u8> {
    let algorithm = sequence(&[&object(ECDSA)]);
    let listed: Vec<_> = (0..extensions).map(|number| extension(number, 0)).collect();
    let listed = sequence(&listed.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let requested = object(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e]);
    let attribute = sequence(&[&requested, &value(0x31, &listed)]);
    let to_be_signed = sequence(&[
        &value(0x02, &[0]),
        &sequence(&[]),
        spki,
        &value(0xa0, &attribute),
    ]);
    sequence(&[&to_be_signed, &algorithm, &value(0x03, &[0, 0x30, 0x00])])
}

/// Its type is 1.3.6.1.4.1.99999 with `number` as two more arcs.
fn extension(number: u32, filling: usize) -> Vec<u8> {
    let arc = |number: u32| [0x80 | (number >> 7) as u8, (number & 0x7f) as u8];
    let (high, low) = (arc(128 + (number >> 7)), arc(128 + (number & 0x7f)));
    let oid = [
        0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d, 0x1f, high[0], high[1], low[0], low[1],
    ];
    sequence(&[&object(&oid), &value(0x04, &vec![0; filling])])
}

fn object(oid: &[u8]) -> Vec<u8> {
    value(0x06, oid)
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(0x30, &parts.concat())
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32;
    let bytes = length.to_be_bytes();
    let head = match length {
        0..0x80 => vec![length as u8],
        0x80..0x100 => vec![0x81, bytes[3]],
        0x100..0x1_0000 => vec![0x82, bytes[2], bytes[3]],
        _ => [&[0x84], &bytes[..]].concat(),
    };
    let head = match head.as_slice() {
        [0x84, 0, rest @ ..] => [&[0x83], rest].concat(),
        _ => head,
    };
    [&[tag], &head[..], content].concat()
}

/// ECDSA with SHA-256.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
