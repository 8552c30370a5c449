use std::net::IpAddr;

use reqwest::{RequestBuilder, Response};
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use tokio::task::JoinSet;

use super::*;

/// A service with large answers that are made when the test has them made.
struct Library {
    running: Running,
    /// How many are being made.
    begun: tokio::sync::mpsc::Receiver<()>,
    made: Arc<Semaphore>,
    _alone: MutexGuard<'static, ()>,
}

impl Library {
    async fn start() -> Self {
        Self::start_behind(&[]).await
    }

    /// One that believes proxies at these addresses.
    async fn start_behind(proxies: &[&str]) -> Self {
        let alone = ALONE.lock().await;
        let (begins, begun) = tokio::sync::mpsc::channel(512);
        let made = Arc::new(Semaphore::new(0));
        let large = Budget::new(8, 60).answering(16 << 20);
        let file = {
            let made = Arc::clone(&made);
            move || {
                let _begun = begins.try_send(());
                let made = Arc::clone(&made);
                async move { made.acquire().await.unwrap().forget() }
            }
        };
        let routes = Routes::new(BodyStyle::Text)
            .get("/file", large, file)
            .get("/short", large, || async { "short" })
            .get("/full", large, || async { vec![0; 12 << 20] })
            .get("/search", large.searching(), || async { "found" });
        let mut listeners = Listeners::for_test();
        listeners.trusted_proxies = proxies.iter().map(|block| block.parse().unwrap()).collect();
        let running = Running::start(Service::new("test", listeners).public(routes)).await;
        Self {
            running,
            begun,
            made,
            _alone: alone,
        }
    }

    fn get(&self, client: &Client, path: &str) -> RequestBuilder {
        client.get(format!("{}{path}", self.running.public))
    }
}

/// A client with one connection, from an address of its own.
fn reader(number: u8) -> Client {
    let client = Client::builder().http2_prior_knowledge();
    let client = client.local_address(IpAddr::from([127, 0, 0, number]));
    client.build().unwrap()
}

fn assert_refused(answer: &Response) {
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["sigstead-code"], "E-KIT-018");
    assert!(answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn one_peer_does_not_take_the_turns_of_others() {
    let mut library = Library::start().await;
    let mut greedy = JoinSet::new();
    for _ in 0..4 {
        let client = reader(21);
        for _ in 0..8 {
            greedy.spawn(library.get(&client, "/file").send());
        }
    }
    for _ in 0..3 {
        library.begun.recv().await.unwrap();
    }
    // As many are made as the peer has turns, and what waits behind them is its own.
    let answer = library.get(&reader(22), "/short").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "short");
    assert!(library.begun.try_recv().is_err());
    // Searches do not wait for files, not even those of the same peer.
    let answer = library.get(&reader(21), "/search").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "found");
    library.made.add_permits(32);
    while let Some(answer) = greedy.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    library.running.stop().await;
}

#[tokio::test]
async fn a_connection_waits_for_so_many_large_answers_and_is_refused_more_at_once() {
    let mut library = Library::start().await;
    let client = reader(23);
    let mut asked = JoinSet::new();
    for _ in 0..40 {
        asked.spawn(library.get(&client, "/file").send());
    }
    library.begun.recv().await.unwrap();
    for _ in 32..40 {
        assert_refused(&asked.join_next().await.unwrap().unwrap().unwrap());
    }
    // Another connection of the peer has places of its own.
    let answer = library.get(&reader(23), "/short").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(library.begun.try_recv().is_err(), "two at a time");
    library.made.add_permits(32);
    while let Some(answer) = asked.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    library.running.stop().await;
}

#[tokio::test]
async fn a_peer_waits_for_so_many_large_answers_on_all_its_connections() {
    let mut library = Library::start().await;
    let mut asked = JoinSet::new();
    for _ in 0..9 {
        let client = reader(24);
        for _ in 0..32 {
            asked.spawn(library.get(&client, "/file").send());
        }
    }
    for _ in 256..9 * 32 {
        assert_refused(&asked.join_next().await.unwrap().unwrap().unwrap());
    }
    let answer = library.get(&reader(24), "/short").send().await.unwrap();
    assert_refused(&answer);
    let answer = library.get(&reader(25), "/short").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    library.begun.recv().await.unwrap();
    library.made.add_permits(256);
    while let Some(answer) = asked.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    library.running.stop().await;
}

#[tokio::test]
async fn a_connection_that_does_not_take_a_large_answer_is_refused_another() {
    let library = Library::start().await;
    let client = reader(26);
    let untaken = library.get(&client, "/full").send().await.unwrap();
    assert_eq!(untaken.status(), 200);
    assert_refused(&library.get(&client, "/short").send().await.unwrap());
    let answer = library.get(&reader(26), "/short").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // What is taken makes room.
    assert_eq!(untaken.bytes().await.unwrap().len(), 12 << 20);
    let answer = library.get(&client, "/short").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    library.running.stop().await;
}

#[tokio::test]
async fn callers_of_one_proxy_have_turns_of_their_own() {
    let mut library = Library::start_behind(&["127.0.0.29"]).await;
    let public = library.running.public.clone();
    let from = |caller: &str, path: &str| {
        // A connection for each request at work, as proxies have them.
        let request = reader(29).get(format!("{public}{path}"));
        request.header("x-forwarded-for", caller).send()
    };
    let mut greedy = JoinSet::new();
    for _ in 0..32 {
        greedy.spawn(from("192.0.2.1", "/file"));
    }
    let patient = from("192.0.2.2", "/short");
    for _ in 0..3 {
        library.begun.recv().await.unwrap();
    }
    // As many are made as the greedy caller has turns, and the other one waits behind none of the rest.
    assert_eq!(patient.await.unwrap().text().await.unwrap(), "short");
    assert!(library.begun.try_recv().is_err());
    library.made.add_permits(32);
    while let Some(answer) = greedy.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    library.running.stop().await;
}

#[tokio::test]
async fn callers_who_share_the_connection_of_a_proxy_have_turns_of_their_own() {
    let mut library = Library::start_behind(&["127.0.0.30"]).await;
    let public = library.running.public.clone();
    // One connection, on which a proxy sends what all callers ask for.
    let proxy = reader(30);
    let from = |caller: &str, path: &str| {
        let request = proxy.get(format!("{public}{path}"));
        request.header("x-forwarded-for", caller).send()
    };
    let mut greedy = JoinSet::new();
    for _ in 0..32 {
        greedy.spawn(from("192.0.2.1", "/file"));
    }
    for _ in 0..3 {
        library.begun.recv().await.unwrap();
    }
    let answer = from("192.0.2.2", "/short").await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "short");
    assert!(
        library.begun.try_recv().is_err(),
        "the greedy one has no more"
    );
    library.made.add_permits(32);
    while let Some(answer) = greedy.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status(), 200);
    }
    library.running.stop().await;
}

#[tokio::test]
async fn a_caller_who_takes_nothing_holds_up_no_other_of_the_proxy() {
    let library = Library::start_behind(&["127.0.0.31"]).await;
    let public = library.running.public.clone();
    let proxy = reader(31);
    let from = |caller: &str, path: &str| {
        let request = proxy.get(format!("{public}{path}"));
        request.header("x-forwarded-for", caller).send()
    };
    let untaken = from("192.0.2.1", "/full").await.unwrap();
    assert_eq!(untaken.status(), 200);
    assert_refused(&from("192.0.2.1", "/short").await.unwrap());
    let answer = from("192.0.2.2", "/short").await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(untaken);
    library.running.stop().await;
}

/// The turns are those of the process, and a test that holds some would wait for another that does.
static ALONE: Mutex<()> = Mutex::const_new(());
