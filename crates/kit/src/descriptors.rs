use rustix::process::{Resource, getrlimit, setrlimit};

/// How many connections each listener of the process may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connections {
    pub(crate) public: usize,
    pub(crate) admin: usize,
    pub(crate) ops: usize,
}

/// Raises the soft limit of open files to the hard one, and tells what it is then. A process that keeps the soft limit of
/// most shells could not hold a thousand connections.
pub(crate) fn raise() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it is refused, the limit that there is holds.
    let _raised = setrlimit(Resource::Nofile, limit);
    current()
}

/// The soft limit of open files.
pub(crate) fn current() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

impl Connections {
    /// Divides the descriptors of the process. A part stays for its own files and for the connections that it opens
    /// itself: a log without a descriptor for its journal stops. Health and metrics have a part of their own, so that
    /// they answer when the public listener is full.
    pub(crate) fn within(descriptors: u64) -> Self {
        let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
        let reserve = (descriptors / 8).max(RESERVE).min(descriptors / 2);
        let all = descriptors - reserve;
        let ops = (all / 8).min(OPS);
        let admin = (all / 8).min(ADMIN);
        Self {
            public: (all - ops - admin).clamp(1, PUBLIC),
            admin: admin.max(1),
            ops: ops.max(1),
        }
    }
}

/// What a service opens for itself: journal, tiles, indexes, keys, its own calls.
const RESERVE: usize = 128;
const OPS: usize = 64;
const ADMIN: usize = 64;
/// Each connection costs a few kilobytes of memory as well.
const PUBLIC: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listener_has_its_part_and_the_process_keeps_its_own() {
        for (descriptors, public, admin, ops) in [
            (1_048_576, 8192, 64, 64),
            (20_000, 8192, 64, 64),
            (1024, 768, 64, 64),
            (256, 96, 16, 16),
            (64, 24, 4, 4),
            (4, 2, 1, 1),
        ] {
            let found = Connections::within(descriptors);
            let expected = Connections { public, admin, ops };
            assert_eq!(found, expected, "of {descriptors}");
            assert!((public + admin + ops) as u64 <= descriptors);
        }
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let raised = raise();
        assert_eq!(Some(raised), getrlimit(Resource::Nofile).maximum);
    }
}
