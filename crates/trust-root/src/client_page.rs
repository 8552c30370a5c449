use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::encode::encode;
use crate::error::Error;
use crate::target::Target;
use crate::tuf::{Hashes, Targets};

/// The record beside the page for clients: which files belong to the page, and of which root and targets they were made.
///
/// By it a server that shows the page knows that clients find what the page says. A page that is of another publication tells
/// people a fingerprint and keys that are no longer true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPage {
    media_type: String,
    root: Hashes,
    targets: BTreeMap<String, Hashes>,
    files: BTreeMap<String, Hashes>,
}

impl ClientPage {
    /// The record's own name, beside the files.
    pub const FILE: &'static str = "page.json";
    /// The name of the page among the files.
    pub const PAGE: &'static str = "index.html";
    /// The folder of the repository that has the files.
    pub const FOLDER: &'static str = "client";

    const MEDIA_TYPE: &'static str = "application/vnd.sigstead.client-page.v1+json";

    /// The record of `files` that were made of the file of a root and of what the targets distribute.
    pub fn new<'a>(
        root_file: &[u8],
        targets: &[Target],
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let targets = targets.iter();
        let files = files.into_iter();
        Self {
            media_type: Self::MEDIA_TYPE.to_owned(),
            root: Hashes::of(root_file),
            targets: targets
                .map(|target| (target.name.clone(), Hashes::of(&target.bytes)))
                .collect(),
            files: files
                .map(|(name, bytes)| (name.to_owned(), Hashes::of(bytes)))
                .collect(),
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// If it is none, or of a version that is not known here.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let document = "the record of the page for clients";
        let page: Self =
            serde_json::from_slice(json).map_err(|source| Error::Malformed { document, source })?;
        if page.media_type != Self::MEDIA_TYPE {
            return Err(Error::MediaType {
                document,
                found: page.media_type,
                expected: Self::MEDIA_TYPE,
            });
        }
        Ok(page)
    }

    /// The record as a file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Whether the files were made of this root, and of what these targets distribute.
    #[must_use]
    pub fn is_of(&self, root_file: &[u8], targets: &Targets) -> bool {
        let published = targets
            .targets
            .iter()
            .map(|(name, meta)| (name, &meta.hashes));
        self.root == Hashes::of(root_file) && self.targets.iter().eq(published)
    }

    /// Whether a file of that name belongs to the page.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Whether a file of the page has this content.
    #[must_use]
    pub fn is_file(&self, name: &str, bytes: &[u8]) -> bool {
        self.files.get(name) == Some(&Hashes::of(bytes))
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn target(name: &str, bytes: &[u8]) -> Target {
        Target {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
            custom: None,
        }
    }

    #[test]
    fn a_page_is_of_one_root_and_of_what_one_set_of_targets_distributes() {
        let (root, files) = (b"root", [target("a", b"1"), target("b", b"2")]);
        let page = ClientPage::new(root, &files, [("index.html", b"page".as_slice())]);
        assert_eq!(ClientPage::parse(&page.encode()).unwrap(), page);
        let of = |files: &[Target]| Targets::new(7, OffsetDateTime::UNIX_EPOCH, files);
        assert!(page.is_of(root, &of(&files)));
        assert!(!page.is_of(b"root 2", &of(&files)));
        for other in [
            vec![target("a", b"1")],
            vec![target("a", b"1"), target("b", b"3")],
            vec![target("a", b"1"), target("c", b"2")],
            vec![target("a", b"1"), target("b", b"2"), target("c", b"3")],
        ] {
            assert!(!page.is_of(root, &of(&other)), "{other:?}");
        }
    }

    #[test]
    fn a_page_has_the_files_that_it_names_and_no_other_content_of_them() {
        let page = ClientPage::new(b"", &[], [("index.html", b"page".as_slice())]);
        assert!(page.names("index.html") && !page.names("page.json"));
        assert!(page.is_file("index.html", b"page"));
        assert!(!page.is_file("index.html", b"page ") && !page.is_file("other", b"page"));
    }

    #[test]
    fn refuses_a_record_of_another_form() {
        let page = ClientPage::new(b"", &[], []).encode();
        let page = String::from_utf8(page).unwrap();
        let other = page.replace("page.v1+json", "page.v2+json");
        let refused = ClientPage::parse(other.as_bytes());
        assert!(matches!(refused, Err(Error::MediaType { .. })));
        let more = page.replacen('{', "{\"more\": 1,", 1);
        let refused = ClientPage::parse(more.as_bytes());
        assert!(matches!(refused, Err(Error::Malformed { .. })));
    }
}
