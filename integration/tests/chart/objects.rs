//! What Helm made, as a cluster reads it.

use serde_json::{Map, Value};

/// The objects of a release.
pub(crate) struct Objects {
    pub(crate) text: String,
    pub(crate) all: Vec<Value>,
}

impl Objects {
    pub(crate) fn parse(text: &str) -> Self {
        let documents = text.split("\n---\n").map(|document| {
            // The end of its last line is that of a text in it.
            serde_yaml::from_str::<Value>(&format!("{document}\n"))
                .unwrap_or_else(|error| panic!("{error}: {document}"))
        });
        Self {
            text: text.to_owned(),
            all: documents.filter(|value| !value.is_null()).collect(),
        }
    }

    /// The objects of a kind.
    pub(crate) fn of(&self, kind: &str) -> Vec<&Value> {
        let is_of = |object: &&Value| object["kind"] == kind;
        self.all.iter().filter(is_of).collect()
    }

    /// The object of that kind and name.
    pub(crate) fn named(&self, kind: &str, name: &str) -> &Value {
        let found = self.of(kind).into_iter();
        let mut found = found.filter(|object| object["metadata"]["name"] == name);
        found.next().unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// Every pod with its name: those of workloads and of jobs, and the test's.
    pub(crate) fn pods(&self) -> Vec<(String, &Value)> {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        let mut pods = Vec::new();
        for object in &self.all {
            match object["kind"].as_str().unwrap() {
                "Pod" => pods.push((name(object), object)),
                "Deployment" | "StatefulSet" | "Job" => {
                    pods.push((name(object), &object["spec"]["template"]));
                }
                "CronJob" => {
                    let job = &object["spec"]["jobTemplate"];
                    pods.push((name(object), &job["spec"]["template"]));
                }
                _ => {}
            }
        }
        pods
    }

    /// Every container, those that run before the others too.
    pub(crate) fn containers(&self) -> Vec<&Value> {
        let pods = self.pods();
        let lists = pods.iter().flat_map(|(_, pod)| {
            ["initContainers", "containers"].map(|list| pod["spec"][list].as_array())
        });
        lists.flatten().flatten().collect()
    }

    /// The content of the configuration file of a role.
    pub(crate) fn config(&self, role: &str) -> String {
        let map = self.named("ConfigMap", &format!("acme-sigstead-{role}"));
        map["data"]["config.yaml"].as_str().unwrap().to_owned()
    }
}

/// The entry of a list that has that name.
pub(crate) fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter();
    let mut found = found.filter(|each| each["name"] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {list}"))
}

/// The entries of a map; an absent one has none.
pub(crate) fn entries(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
