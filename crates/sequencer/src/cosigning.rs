use sigstead_witness::Witnesses;

/// The witnesses of a log (C2SP tlog-witness), and what happens without their quorum.
pub struct Cosigning {
    /// Whom to ask. Their policy may name no log but this one.
    pub witnesses: Witnesses,
    /// What happens to a head that too few of them cosign.
    pub without_quorum: WithoutQuorum,
}

impl Cosigning {
    /// Whether no entry is answered without a quorum.
    pub(crate) fn must_wait(&self) -> bool {
        self.without_quorum == WithoutQuorum::Wait
    }
}

/// What happens to a head that too few witnesses cosign in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutQuorum {
    /// It is published with the cosignatures that there are, and nobody waits for witnesses for some seconds.
    Publish,
    /// It is not published, and its entries are not answered, until enough have cosigned. Only the head that a log finds
    /// at its start is readable before that, though no entry is answered with it.
    Wait,
}
