//! The files about an emergency.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_verify::BlockList;

use super::affected::Affected;
use super::notice;
use super::plan::Plan;
use crate::failure::Failure;
use crate::instance::Instance;

/// A folder with the plan, what the key signed, the block list and the notice.
pub(super) struct Files {
    pub(super) folder: PathBuf,
}

impl Files {
    /// The folder of the next emergency of an instance, and its number.
    pub(super) fn next(instance: &Instance) -> Result<(Self, u32), Failure> {
        let folder = instance.path("trust/emergencies");
        let failed = |error| Failure::file("read", &folder, error);
        sigstead_durable::create_private_directory(&folder).map_err(failed)?;
        let mut highest = 0;
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            highest = highest.max(number.unwrap_or(0));
        }
        let number = highest + 1;
        let files = Self::at(&folder.join(number.to_string()))?;
        Ok((files, number))
    }

    /// A folder that is not there yet.
    pub(super) fn at(folder: &Path) -> Result<Self, Failure> {
        if folder.exists() {
            return Err(Failure::new(
                "E-CTL-435",
                format!("{} is there already", folder.display()),
                "name a folder that is not there",
            ));
        }
        sigstead_durable::create_private_directory(folder)
            .map_err(|error| Failure::file("make", folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Writes all of them, or again.
    pub(super) fn write(
        &self,
        plan: &Plan,
        affected: &Affected,
        block_list: &BlockList,
    ) -> Result<(), Failure> {
        self.write_json("plan.json", plan)?;
        self.write_json("affected.json", affected)?;
        self.write_json("block-list.json", block_list)?;
        self.put("notice.md", notice::of(plan, affected).as_bytes())
    }

    fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(value);
        let mut json =
            json.map_err(|error| Failure::file("write", &self.folder.join(name), error))?;
        json.push(b'\n');
        self.put(name, &json)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder.join(name);
        sigstead_durable::replace(&path, bytes)
            .map_err(|error| Failure::file("write", &path, error))
    }
}
