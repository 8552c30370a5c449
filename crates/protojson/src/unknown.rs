/// What happens to a field that the struct does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// It is read over.
    Ignore,
    /// The document is refused.
    Refuse,
}
