//! What each operation cannot do without.

use crate::workload::Floors;

/// The bound of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// Until the answer, one after the other on one thread.
    pub(crate) latency_micros: f64,
    /// Of processor, beside HTTP.
    pub(crate) work_micros: f64,
}

impl Bound {
    /// One signature.
    pub(crate) const fn timestamp(floors: &Floors) -> Self {
        Self {
            latency_micros: floors.sign_micros,
            work_micros: floors.sign_micros,
        }
    }

    /// Token, proof of possession and SCT are verified; precertificate, SCT and certificate are signed; the CT log signs a
    /// head and syncs once.
    pub(crate) fn certificate(floors: &Floors) -> Self {
        let work_micros = 3.0 * floors.verify_micros + 4.0 * floors.sign_micros;
        Self {
            latency_micros: work_micros + floors.sync_micros,
            work_micros,
        }
    }

    /// One verification, one head, one sync; under load the last two are shared by a round.
    pub(crate) fn entry(floors: &Floors) -> Self {
        Self {
            latency_micros: floors.verify_micros + floors.sign_micros + floors.sync_micros,
            work_micros: floors.verify_micros,
        }
    }
}
