/// Any error, for what this crate hands on without looking into it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
