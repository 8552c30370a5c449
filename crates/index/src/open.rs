use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::IndexConfig;
use crate::error::{Damage, Error};
use crate::run::{Run, file_error};
use crate::write::{RUN, TEMPORARY, remove};

/// The runs of a directory, and what of it was thrown away.
pub(crate) fn open_runs(
    directory: &Path,
    config: &IndexConfig,
) -> Result<(Vec<Arc<Run>>, Vec<Damage>), Error> {
    let failed = |source| file_error(directory, source);
    fs::create_dir_all(directory).map_err(failed)?;
    let mut opened = Vec::new();
    let mut damage = Vec::new();
    for file in fs::read_dir(directory).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some(RUN) => match Run::open(&path) {
                Ok(run) => opened.push(run),
                Err(error @ Error::Damaged { .. }) => damage.push(discard(path, &error)),
                Err(error) => return Err(error),
            },
            Some(TEMPORARY) => remove(&path)?,
            _ => {}
        }
    }
    let runs = load_filters(chain(opened, &mut damage)?, config, &mut damage)?;
    Ok((runs, damage))
}

/// Runs one after the other from the first entry on. What others contain, because a crash came between a merge and its
/// end, and what comes after a gap is removed.
fn chain(mut opened: Vec<Run>, damage: &mut Vec<Damage>) -> Result<Vec<Run>, Error> {
    opened.sort_by_key(|run| {
        (
            run.footer.covers.start,
            std::cmp::Reverse(run.footer.covers.end),
        )
    });
    let mut runs: Vec<Run> = Vec::new();
    for run in opened {
        let end = runs.last().map_or(0, |run| run.footer.covers.end);
        let covers = run.footer.covers.clone();
        if covers.start == end {
            runs.push(run);
        } else if covers.end <= end {
            remove(run.path())?;
        } else {
            damage.push(Damage {
                path: run.path().to_owned(),
                why: format!(
                    "it starts at {} and what comes before ends at {end}",
                    covers.start
                ),
            });
            remove(run.path())?;
        }
    }
    Ok(runs)
}

/// Loads the filters of the newest runs first, which are asked for most, until the memory for them is used up.
fn load_filters(
    runs: Vec<Run>,
    config: &IndexConfig,
    damage: &mut Vec<Damage>,
) -> Result<Vec<Arc<Run>>, Error> {
    let mut budget = config.filter_bytes;
    let mut loaded = Vec::new();
    for mut run in runs.into_iter().rev() {
        match run.load_filter(budget) {
            Ok(used) => {
                budget -= used;
                loaded.push(Arc::new(run));
            }
            Err(error @ Error::File { .. }) => return Err(error),
            Err(error) => {
                // Without it, what is newer has a gap before it.
                damage.push(discard(run.path().to_owned(), &error));
                let newer = loaded
                    .drain(..)
                    .map(|run| discard(run.path().to_owned(), &error));
                damage.extend(newer);
                budget = config.filter_bytes;
            }
        }
    }
    loaded.reverse();
    Ok(loaded)
}

fn discard(path: PathBuf, error: &Error) -> Damage {
    // If it cannot be removed it is found again, and discarded again.
    let _ = fs::remove_file(&path);
    Damage {
        path,
        why: error.to_string(),
    }
}
