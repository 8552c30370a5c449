//! Lists of objects, as servers write them: the reader of `rusty_s3` asks for more of each object than some servers tell.

use url::form_urlencoded;

use super::refusal::element;

/// An object in a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The last part of its key.
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The objects of a page; what is in it that is none has no name or no size.
pub(super) fn objects(page: &str) -> Vec<Listed> {
    let is_encoded = element(page, "EncodingType") == "url";
    let objects = page.split("<Contents>").skip(1);
    let objects = objects.filter_map(|object| {
        let key = element(object, "Key");
        let key = if is_encoded { decoded(key) } else { plain(key) };
        let name = key.rsplit('/').next().filter(|name| !name.is_empty())?;
        Some(Listed {
            bytes: element(object, "Size").parse().ok()?,
            name: name.to_owned(),
        })
    });
    objects.collect()
}

/// By what the next page is asked for.
pub(super) fn next(page: &str) -> Option<String> {
    let token = plain(element(page, "NextContinuationToken"));
    (!token.is_empty()).then_some(token)
}

fn decoded(key: &str) -> String {
    let mut pairs = form_urlencoded::parse(key.as_bytes());
    pairs
        .next()
        .map(|(key, _)| key.into_owned())
        .unwrap_or_default()
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_whether_its_keys_are_encoded_or_not() {
        let page = |encoding: &str, key: &str| {
            format!(
                "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><Name>b</Name>{encoding}<Contents><Key>{key}</Key>\
                 <Size>7</Size></Contents><Contents><Key>p/</Key><Size>0</Size></Contents><CommonPrefixes/></ListBucketResult>"
            )
        };
        for (encoding, key, name) in [
            ("", "p/a-1.tar.age", "a-1.tar.age"),
            ("", "p/a &amp; b.age", "a & b.age"),
            (
                "<EncodingType>url</EncodingType>",
                "p%2Fa+b%3D1.age",
                "a b=1.age",
            ),
        ] {
            let found = objects(&page(encoding, key));
            let wanted = Listed {
                name: name.to_owned(),
                bytes: 7,
            };
            assert_eq!(found, [wanted], "{key}");
        }
        assert_eq!(next(&page("", "a")), None);
        let more = page(
            "<NextContinuationToken>a&amp;b</NextContinuationToken>",
            "a",
        );
        assert_eq!(next(&more).unwrap(), "a&b");
    }
}
