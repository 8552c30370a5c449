//! Programs of the system, the length of a run, and chance that can be repeated.

use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;

use sigstead_test_support::Need;

/// One figure for CI and one for `make soak`.
pub(crate) fn cycles(ci: usize, soak: usize) -> usize {
    if is_soak() { soak } else { ci }
}

/// Whether this is the long run.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("SIGSTEAD_TEST_SOAK").is_some()
}

/// Whether a program answers, or a visible skip.
pub(crate) fn program(name: &str) -> Option<()> {
    let argument = if name == "strace" { "-V" } else { "--version" };
    present(name, Command::new(name).arg(argument).output().is_ok())
}

/// What a test needs is there, or the test is skipped visibly; where skipping is not allowed, it fails.
pub(crate) fn present(name: &str, is_present: bool) -> Option<()> {
    let remedy = "make packages (as root, who alone mounts disks)";
    Need { name, remedy }.check(is_present)
}

/// A program of the workspace, of the profile that this test was built with.
pub(crate) fn built(name: &str) -> PathBuf {
    let path = PathBuf::from(sigstead_integration::sigctl().get_program()).with_file_name(name);
    assert!(path.exists(), "{name} is not built; `make test` builds it");
    path
}

/// Chance that can be repeated (splitmix64, by Steele, Lea and Flood).
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// Of the seed that was asked for, else of a new one; it is printed.
    pub(crate) fn new(test: &str) -> Self {
        let asked = std::env::var_os("SIGSTEAD_TEST_SEED");
        let seed = asked
            .map(|text| text.to_str().unwrap().parse().unwrap())
            .unwrap_or_else(fresh_seed);
        println!("{test}: seed {seed}");
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of a range that is not empty.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }
}

fn fresh_seed() -> u64 {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    u32::from_le_bytes(bytes).into()
}
