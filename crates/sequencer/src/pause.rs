//! A pause that the operator gives a log, and the file by which it outlasts the process.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::lock::lock;

/// Whether a log is paused, and why. While it is, the file holds the reason and nothing else.
///
/// 1. The file is written or removed, durably.
/// 2. The queue refuses entries, or takes them again.
/// 3. The operator is answered.
///
/// A crash before 1 is done leaves what was before; a crash after it leaves a log that does at its next start what the
/// operator asked for.
pub(crate) struct Pause {
    mark: Option<PathBuf>,
    /// Written by those who change the file, and locked while they do: one change at a time.
    reason: Mutex<Option<Arc<str>>>,
}

impl Pause {
    /// Reads the file of an earlier pause; without a path, a pause ends with the process.
    pub(crate) fn open(mark: Option<PathBuf>) -> Result<Self, Error> {
        let reason = match &mark {
            Some(path) => read(path).map_err(unusable(path))?,
            None => None,
        };
        Ok(Self {
            mark,
            reason: Mutex::new(reason),
        })
    }

    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        lock(&self.reason).clone()
    }

    /// Pauses the log, or ends its pause, and calls `apply` once that is durable.
    pub(crate) fn change(
        &self,
        reason: Option<Arc<str>>,
        apply: impl FnOnce(Option<Arc<str>>),
    ) -> Result<(), Error> {
        let mut now = lock(&self.reason);
        if let Some(path) = &self.mark {
            write(path, reason.as_deref()).map_err(unusable(path))?;
        }
        now.clone_from(&reason);
        apply(reason);
        Ok(())
    }
}

/// A file that is not text still pauses the log, because its operator wanted that.
fn read(path: &Path) -> io::Result<Option<Arc<str>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).trim().into()))
}

fn write(path: &Path, reason: Option<&str>) -> io::Result<()> {
    let Some(reason) = reason else {
        sigstead_durable::remove(path)?;
        return sigstead_durable::sync_directory(sigstead_durable::parent(path));
    };
    sigstead_durable::create_directory(sigstead_durable::parent(path))?;
    sigstead_durable::replace(path, reason.as_bytes())
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::PauseMark { path, source }
}

/// Somebody may have put another file there.
const MOST_BYTES: u64 = 4_096;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn changed(pause: &Pause, reason: Option<&str>) -> Option<Arc<str>> {
        let mut applied = None;
        pause
            .change(reason.map(Into::into), |reason| applied = reason)
            .unwrap();
        applied
    }

    #[test]
    fn a_pause_is_found_again_until_it_is_ended() {
        let scratch = tempfile::tempdir().unwrap();
        let mark = scratch.path().join("log/paused");
        let open = || Pause::open(Some(mark.clone())).unwrap();
        assert_eq!(open().reason(), None);
        for reason in ["disk is moved", "still"] {
            assert_eq!(changed(&open(), Some(reason)).as_deref(), Some(reason));
            assert_eq!(open().reason().as_deref(), Some(reason));
        }
        for _ in 0..2 {
            assert_eq!(changed(&open(), None), None);
            assert_eq!(open().reason(), None);
        }
        assert_eq!(fs::read_dir(scratch.path().join("log")).unwrap().count(), 0);
    }

    #[test]
    fn an_interrupted_pause_is_none_and_a_file_of_another_kind_is_one() {
        let scratch = tempfile::tempdir().unwrap();
        let mark = scratch.path().join("paused");
        let reason = || Pause::open(Some(mark.clone())).unwrap().reason();
        fs::write(scratch.path().join("paused.new"), "half a rea").unwrap();
        assert_eq!(reason(), None);
        fs::write(&mark, [0xff; 10_000]).unwrap();
        assert!(reason().unwrap().len() < 20_000);
    }

    #[test]
    fn a_mark_that_cannot_be_written_pauses_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("log"), "").unwrap();
        let pause = Pause {
            mark: Some(scratch.path().join("log/paused")),
            reason: Mutex::default(),
        };
        let mut is_applied = false;
        let refused = pause.change(Some("why".into()), |_| is_applied = true);
        assert!(matches!(refused, Err(Error::PauseMark { .. })));
        assert_eq!((pause.reason(), is_applied), (None, false));
    }
}
