//! Single entries of the largest bundle, asked for by many at once: what is read for each must not be all of the bundle.

use tokio::task::JoinSet;

use crate::filling::ENTRIES;
use crate::world::Target;

pub(crate) async fn attack(target: &'static Target) {
    let mut requests = JoinSet::new();
    for stranger in 100..100 + STRANGERS {
        let client = reqwest::Client::builder()
            .http2_prior_knowledge()
            .local_address(std::net::IpAddr::from([127, 0, 0, stranger]));
        let client = client.build().unwrap();
        for number in 0..REQUESTS {
            let client = client.clone();
            // The later ones, so that most of the bundle comes before them.
            let index = ENTRIES - 1 - number;
            let place = &target.services["tlog"];
            let url = format!("http://{place}/api/v1/log/entries?logIndex={index}");
            requests.spawn(async move {
                let Ok(answer) = client.get(url).send().await else {
                    return;
                };
                // Whether it came whole is the stranger's matter.
                let _ = answer.bytes().await;
            });
        }
    }
    while let Some(ended) = requests.join_next().await {
        ended.unwrap();
    }
}

const STRANGERS: u8 = 8;
const REQUESTS: u32 = 30;
