use std::path::PathBuf;
use std::time::Duration;

/// Files whose new contents a service reads again by itself.
///
/// They are read, and not looked at alone, because a cluster replaces the files of a Secret by moving a symbolic link two folders
/// above, and a file may get other contents within one tick of its file system.
#[derive(Debug, Default)]
pub(crate) struct Watched(Vec<(PathBuf, Contents)>);

/// Nothing of a file that cannot be read; whether that is right says who reads it again.
type Contents = Option<Vec<u8>>;

impl Watched {
    /// Adds a file, with the contents that it has now.
    pub(crate) fn add(&mut self, file: PathBuf) {
        let contents = read(&file);
        self.0.push((file, contents));
    }

    /// Waits until the files are to be looked at again; for ever, if there are none.
    pub(crate) async fn wait(&self) {
        match self.0.is_empty() {
            true => std::future::pending().await,
            false => tokio::time::sleep(POLL).await,
        }
    }

    /// Whether a file has other contents than at the last look.
    pub(crate) async fn look(&mut self) -> bool {
        let watched = std::mem::take(self);
        // Where nobody waits for it: the disk may be slow.
        let looked = tokio::task::spawn_blocking(move || watched.compared()).await;
        let (watched, is_other) = looked.unwrap_or_default();
        *self = watched;
        is_other
    }

    fn compared(mut self) -> (Self, bool) {
        let mut changed = false;
        for (file, known) in &mut self.0 {
            let now = read(file);
            if *known != now {
                *known = now;
                changed = true;
            }
        }
        (self, changed)
    }
}

fn read(file: &PathBuf) -> Contents {
    std::fs::read(file).ok()
}

/// As often as the files of TLS are looked at.
const POLL: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a cluster moves files, and nothing here has to survive"
    )]
    fn other_contents_are_seen_once_and_the_same_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("successors.yaml");
        let mut watched = Watched::default();
        watched.add(path.clone());
        let mut changed = || {
            let (looked, changed) = std::mem::take(&mut watched).compared();
            watched = looked;
            changed
        };
        assert!(!changed(), "it is not there");
        for contents in ["one", "two"] {
            std::fs::write(&path, contents).unwrap();
            assert!(changed() && !changed(), "{contents}");
        }
        // The same contents in another file, as a cluster has them that replaces a Secret by itself.
        std::fs::write(folder.path().join("other"), "two").unwrap();
        std::fs::rename(folder.path().join("other"), &path).unwrap();
        assert!(!changed());
        std::fs::remove_file(&path).unwrap();
        assert!(changed() && !changed(), "it is gone");
    }
}
