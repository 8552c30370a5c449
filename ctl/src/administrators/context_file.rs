//! What a person needs to administer an instance from elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use crate::context::Context;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::{private, services};

/// What goes into the folder.
pub(super) struct Files<'a> {
    pub(super) folder: &'a Path,
    pub(super) host: &'a str,
    pub(super) certificate: &'a str,
    pub(super) key: Option<&'a str>,
}

pub(super) fn write(instance: &Instance, files: &Files<'_>) -> Result<(), Failure> {
    let ca = instance.path("trust/admin-ca.pem");
    let ca = std::fs::read(&ca).map_err(|error| Failure::file("read", &ca, error))?;
    let context = context(instance, files.host);
    private::write_new(&files.folder.join(&context.ca), &ca)?;
    private::write_new(
        &files.folder.join(&context.certificate),
        files.certificate.as_bytes(),
    )?;
    if let Some(key) = files.key {
        private::write_new(&files.folder.join(&context.key), key.as_bytes())?;
    }
    let path = files.folder.join("context.yaml");
    let text =
        sigstead_config::to_yaml(&context).map_err(|error| Failure::file("write", &path, error))?;
    private::write_new(&path, text.as_bytes())
}

fn context(instance: &Instance, host: &str) -> Context {
    let urls = services::of(&instance.manifest).into_iter().map(|service| {
        let port = instance.manifest.ports(service).admin;
        (service, format!("https://{host}:{port}"))
    });
    Context {
        version: Context::VERSION,
        instance: instance.manifest.name.clone(),
        ca: "admin-ca.pem".into(),
        certificate: "admin.pem".into(),
        key: "admin.key".into(),
        services: urls.collect::<BTreeMap<_, _>>(),
    }
}
