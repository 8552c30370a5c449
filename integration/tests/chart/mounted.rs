//! The volumes of a pod, laid out as a kubelet lays them out: owners, modes and links included.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Objects;
use super::objects::entries;

/// The group that the chart gives to its pods.
pub(crate) const GROUP: u32 = 65532;

/// The storage of a cluster, and what its operator put there besides the chart.
pub(crate) struct Storage {
    folder: PathBuf,
    /// Folders whose files are the content of Secrets and ConfigMaps, by their names.
    given: BTreeMap<String, PathBuf>,
}

/// What a container finds at a path.
pub(crate) struct Mount {
    pub(crate) from: PathBuf,
    pub(crate) at: String,
    pub(crate) read_only: bool,
}

impl Storage {
    pub(crate) fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let given = BTreeMap::new();
        Self { folder, given }
    }

    /// Makes a Secret or a ConfigMap of the files of a folder.
    pub(crate) fn give(&mut self, name: &str, folder: &Path) {
        self.given.insert(name.to_owned(), folder.to_owned());
    }

    /// A claim, which is made when it is first asked for and kept from then on.
    pub(crate) fn claim(&self, name: &str) -> PathBuf {
        let path = self.folder.join("claims").join(name);
        if !path.exists() {
            fs::create_dir_all(&path).unwrap();
            own(&path, 0o2770);
        }
        path
    }

    /// Where a volume of a pod is.
    pub(crate) fn volume_of(&self, owner: &str, name: &str) -> PathBuf {
        self.folder.join("volumes").join(owner).join(name)
    }

    /// Forgets the volumes of a pod that has ended; claims stay.
    pub(crate) fn forget(&self, owner: &str) {
        let volumes = self.folder.join("volumes").join(owner);
        if volumes.exists() {
            fs::remove_dir_all(volumes).unwrap();
        }
    }

    /// The mounts of a container. `owner` names the pod, whose claims are its own.
    pub(crate) fn mounts(
        &self,
        objects: &Objects,
        owner: &str,
        spec: &Value,
        container: &Value,
    ) -> Vec<Mount> {
        let list = container["volumeMounts"].as_array().unwrap();
        list.iter()
            .map(|mount| self.mount(objects, owner, spec, mount))
            .collect()
    }

    fn mount(&self, objects: &Objects, owner: &str, spec: &Value, mount: &Value) -> Mount {
        let name = mount["name"].as_str().unwrap();
        let mut from = self.volume(objects, owner, spec, name);
        if let Some(below) = mount["subPath"].as_str() {
            from = from.join(below);
            if !from.exists() {
                fs::create_dir_all(&from).unwrap();
                own(&from, 0o2770);
            }
        }
        Mount {
            from,
            at: mount["mountPath"].as_str().unwrap().to_owned(),
            read_only: mount["readOnly"] == true,
        }
    }

    fn volume(&self, objects: &Objects, owner: &str, spec: &Value, name: &str) -> PathBuf {
        let volumes = spec["volumes"].as_array().unwrap();
        let Some(volume) = volumes.iter().find(|volume| volume["name"] == name) else {
            return self.claim(&format!("{name}-{owner}-0"));
        };
        let made = self.folder.join("volumes").join(owner).join(name);
        if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
            return self.claim(claim);
        }
        if made.exists() {
            // The containers of a pod share its volumes.
            return made;
        }
        fs::create_dir_all(&made).unwrap();
        if volume["emptyDir"].is_object() || volume["ephemeral"].is_object() {
            own(&made, 0o2777);
        } else if let Some(map) = volume["configMap"]["name"].as_str() {
            self.config_map(objects, map, &volume["configMap"]["items"], &made);
        } else {
            let secret = volume["secret"]["secretName"].as_str().unwrap();
            assert_eq!(volume["secret"]["defaultMode"], 0o440);
            lay(&made, &files(&self.given[secret]), 0o440);
        }
        made
    }

    fn config_map(&self, objects: &Objects, name: &str, items: &Value, made: &Path) {
        let mut rendered = objects.of("ConfigMap").into_iter();
        let rendered = rendered.find(|map| map["metadata"]["name"] == name);
        let mut content = match rendered {
            // A Secret may have the same name.
            Some(map) => entries(&map["data"])
                .into_iter()
                .map(|(key, value)| (key, value.as_str().unwrap().as_bytes().to_vec()))
                .collect(),
            None => files(&self.given[name]),
        };
        if let Some(items) = items.as_array() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            content = items
                .iter()
                .map(|item| (text(&item["path"]), content[&text(&item["key"])].clone()))
                .collect();
        }
        lay(made, &content, 0o644);
    }
}

/// Puts other content into a volume of a pod that runs, as a kubelet does when a Secret or a ConfigMap has changed: all of it at
/// once, by a link.
pub(crate) fn replace(volume: &Path, content: &BTreeMap<String, Vec<u8>>, mode: u32) {
    let number = fs::read_dir(volume).unwrap().count();
    let name = format!("..changed-{number}-{}", content.len());
    for (path, bytes) in content {
        let file = volume.join(&name).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        own(&file, mode);
        let link = volume.join(path);
        if !link.exists() {
            symlink(Path::new("..data").join(path), link).unwrap();
        }
    }
    let next = volume.join("..data_tmp");
    symlink(&name, &next).unwrap();
    sigstead_durable::rename(&next, &volume.join("..data")).unwrap();
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// Files in a folder of their own, reached by a link that changes all of them at once.
fn lay(folder: &Path, content: &BTreeMap<String, Vec<u8>>, mode: u32) {
    let version = folder.join("..2026_11_29");
    for (path, bytes) in content {
        let file = version.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        own(&file, mode);
        let first = Path::new(path).iter().next().unwrap();
        let link = folder.join(first);
        if !link.exists() {
            symlink(Path::new("..data").join(first), link).unwrap();
        }
    }
    symlink("..2026_11_29", folder.join("..data")).unwrap();
}

/// The superuser's, and the pod's group's.
fn own(path: &Path, mode: u32) {
    chown(path, Some(0), Some(GROUP)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
