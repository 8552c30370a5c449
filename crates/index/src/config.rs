/// How an index behaves.
#[derive(Debug, Clone)]
pub struct IndexConfig {
    /// How many postings stand in memory before they are written as a run.
    pub tail_postings: usize,
    /// How many runs of about one size become one.
    pub fan_out: usize,
    /// How many bytes of memory filters may take. Runs beyond it are searched without one, which costs a read or two.
    pub filter_bytes: usize,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            tail_postings: 65_536,
            fan_out: 8,
            filter_bytes: 16 * 1024 * 1024,
        }
    }
}
