/// A file that the TUF repository distributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The custom metadata that older clients choose by.
    pub custom: Option<serde_json::Value>,
}
