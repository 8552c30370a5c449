use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::known::Known;
use super::link::{Link, failed};
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, Service};
use crate::kubernetes::secret_of;

/// Brings the files of a service into its Secret, where the services run in a cluster. Its pods find them there a little later.
pub(crate) async fn bring(instance: &Instance, service: Service) -> Result<(), Failure> {
    let Some(link) = &instance.manifest.cluster else {
        return Ok(());
    };
    let name = link.secret(service.name());
    let wanted = secret_of(instance, service)?;
    let kubectl = link.kubectl();
    let found = kubectl.get(KIND, &name).await;
    let mut object = found.map_err(|refused| failed(KIND, &name, refused))?;
    let there = content(&object);
    let mut known = Known::read(instance)?;
    if there != wanted {
        if !known.has(&name, &there) {
            return Err(foreign(&name));
        }
        known.know(instance, &name, [&there, &wanted])?;
        object["data"] = json!(
            wanted
                .iter()
                .map(|(file, bytes)| (file.clone(), STANDARD.encode(bytes)))
                .collect::<BTreeMap<_, _>>()
        );
        let replaced = kubectl.replace(&object).await;
        replaced.map_err(|refused| failed(KIND, &name, refused))?;
    }
    known.know(instance, &name, [&wanted])
}

/// Refuses a release whose Secret of a service has other files than the instance, and otherwise knows it.
pub(crate) async fn check(
    instance: &Instance,
    link: &Link,
    service: Service,
) -> Result<(), Failure> {
    let name = link.secret(service.name());
    let found = link.kubectl().get(KIND, &name).await;
    let found = found.map_err(|refused| failed(KIND, &name, refused))?;
    let there = content(&found);
    match there == secret_of(instance, service)? {
        true => Known::read(instance)?.know(instance, &name, [&there]),
        false => Err(foreign(&name)),
    }
}

fn content(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    let data = secret["data"].as_object().into_iter().flatten();
    let files = data.map(|(file, value)| {
        let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
        (file.clone(), bytes.unwrap_or_default())
    });
    files.collect()
}

fn foreign(name: &str) -> Failure {
    Failure::new(
        "E-CTL-536",
        format!("the Secret {name} has other files than this copy of the instance left there; nothing was changed"),
        "go on with the copy that wrote it; or, if this one is right, replace the Secret by hand and run `sigctl kubernetes \
         attach` again",
    )
    .exit(Exit::Refused)
}

const KIND: &str = "secret";
