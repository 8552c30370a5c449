/// What a change of a record shows by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// The bytes are no record.
    #[error("record {0} cannot be understood")]
    Malformed(u64),
    /// It is not where it was written: another was taken out, put in or moved.
    #[error("record {sequence} is where record {expected} should be")]
    Order {
        /// What the record says of itself.
        sequence: u64,
        /// Where it is.
        expected: u64,
    },
    /// The record before it is another one than when it was written.
    #[error("record {0} does not follow from the one before it, so one of the two was changed")]
    Broken(u64),
    /// There are fewer than the head says.
    #[error("the end is cut off: there were {expected} records, and there are {found}")]
    Short {
        /// How many there were.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The last one that the head knows is another one.
    #[error(
        "the head names another record {0} than there is, so it or those before it were changed"
    )]
    OtherHead(u64),
    /// There is no head, which is written with the first record.
    #[error(
        "there are {0} records and no head: it was taken away, and with it the sign of what may be cut off"
    )]
    NoHead(u64),
}
