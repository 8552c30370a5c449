/// What an index takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Files.
    pub runs: usize,
    /// Postings in files and in memory.
    pub postings: u64,
    /// Postings in memory.
    pub tail_postings: usize,
    /// Memory of filters.
    pub filter_bytes: usize,
}
