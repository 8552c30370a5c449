//! An instance with few descriptors, a client that signs, and the addresses of strangers.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use sigstead_integration::{Instance, SERVICES, run, sigctl, wait_for};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

/// Where the services listen.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) services: BTreeMap<&'static str, SocketAddr>,
}

impl Target {
    /// Connects from an address of 127.0.0.0/8 that is not the signing client's.
    ///
    /// The kernel asks whether the service still knows the connection: when a queue overflows, it drops one that its
    /// client takes for open, and a client that sends nothing would never learn of it.
    pub(crate) async fn connect(&self, service: &str, stranger: u8) -> std::io::Result<TcpStream> {
        self.connect_with(TcpSocket::new_v4()?, service, stranger)
            .await
    }

    /// As [`Self::connect`], with a receive buffer as small as the system allows.
    pub(crate) async fn connect_narrow(
        &self,
        service: &str,
        stranger: u8,
    ) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(1)?;
        self.connect_with(socket, service, stranger).await
    }

    async fn connect_with(
        &self,
        socket: TcpSocket,
        service: &str,
        stranger: u8,
    ) -> std::io::Result<TcpStream> {
        socket.bind(SocketAddr::from(([127, 0, 0, stranger], 0)))?;
        let probes = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE);
        SockRef::from(&socket).set_tcp_keepalive(&probes)?;
        socket.connect(self.services[service]).await
    }

    /// An HTTP/2 connection whose streams begin with a window of `window` bytes.
    pub(crate) async fn connect_h2(
        &self,
        service: &str,
        stranger: u8,
        window: u32,
    ) -> anyhow::Result<(SendRequest<Bytes>, Connection<TcpStream, Bytes>)> {
        let stream = self.connect(service, stranger).await?;
        let mut protocol = h2::client::Builder::new();
        let handshake = protocol.initial_window_size(window).handshake(stream);
        Ok(handshake.await?)
    }

    /// An HTTP client at the address of `stranger`.
    pub(crate) fn client(stranger: u8) -> reqwest::Client {
        let address = std::net::IpAddr::from([127, 0, 0, stranger]);
        let client = reqwest::Client::builder().local_address(address);
        client.build().unwrap()
    }

    /// Sends a body of JSON until it was judged, and gives the status. A service that has no room for it at the moment, or no
    /// place for the connection, is asked again.
    pub(crate) async fn post(&self, service: &str, path: &str, body: &str, stranger: u8) -> u16 {
        let client = Self::client(stranger);
        let url = format!("http://{}{path}", self.services[service]);
        loop {
            let post = client.post(&url).header("content-type", "application/json");
            let Ok(answer) = post.body(body.to_owned()).send().await else {
                continue;
            };
            let status = answer.status().as_u16();
            if !matches!(status, 408 | 429 | 503) {
                let text = answer.text().await.unwrap_or_default();
                assert!(
                    status < 500,
                    "{service}{path}: {status} {text} for {body:.60}"
                );
                return status;
            }
        }
    }
}

/// The instance and what is watched of it.
pub(crate) struct World {
    instance: Instance,
    target: &'static Target,
    processes: BTreeMap<&'static str, String>,
    idle_memory: BTreeMap<&'static str, u64>,
    most_memory: Mutex<BTreeMap<&'static str, u64>>,
}

impl World {
    pub(crate) fn start(name: &str) -> Self {
        let instance = Instance::create(name, &[]).unwrap();
        // Few descriptors, so that a flood that fits into a test fills them.
        let script = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" up \"$1\" --detach");
        let sigctl = sigctl();
        let mut up = Command::new("sh");
        up.args(["-c", &script]).arg(sigctl.get_program());
        run(up.arg(instance.directory())).unwrap();
        let address = |service: &&'static str| {
            let url = instance.url(service).replace("localhost", "127.0.0.1");
            let authority = url.split('/').nth(2).unwrap();
            (*service, authority.parse().unwrap())
        };
        let target = Target {
            services: SERVICES.iter().map(address).collect(),
        };
        let process = |service: &&'static str| {
            let file = instance.directory().join(format!("run/{service}.pid"));
            (
                *service,
                std::fs::read_to_string(file).unwrap().trim().to_owned(),
            )
        };
        let mut world = Self {
            processes: SERVICES.iter().map(process).collect(),
            target: Box::leak(Box::new(target)),
            idle_memory: BTreeMap::new(),
            most_memory: Mutex::default(),
            instance,
        };
        world.sign().unwrap();
        world.idle_memory = world.memory();
        world
    }

    pub(crate) fn target(&self) -> &'static Target {
        self.target
    }

    fn sign(&self) -> anyhow::Result<Duration> {
        let artifact = self.instance.work().join("artifact");
        let bundle = self.instance.work().join("bundle.json");
        std::fs::write(&artifact, format!("{:?}", Instant::now()))?;
        let _absent = std::fs::remove_file(&bundle);
        let started = Instant::now();
        let mut sign = sigctl();
        sign.arg("sign")
            .arg(self.instance.directory())
            .arg(artifact);
        sign.arg("--bundle").arg(bundle);
        run(sign.args(["--identity", "person@example.com"]))?;
        Ok(started.elapsed())
    }

    /// Signs again and again for a while.
    pub(crate) fn sign_for(&self, time: Duration) -> Times {
        let started = Instant::now();
        let mut times = Times::default();
        while started.elapsed() < time {
            times.0.push(self.sign().unwrap());
        }
        times
    }

    /// Signs again and again until `other` is done, and watches the memory meanwhile.
    pub(crate) fn sign_while(&self, other: impl FnOnce() + Send) -> Times {
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let signing = scope.spawn(|| {
                let mut times = Times::default();
                while !is_done.load(Ordering::Relaxed) || times.0.len() < 2 {
                    times.0.push(self.sign().unwrap());
                }
                times
            });
            let watching = scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    self.watch_memory();
                    sigstead_integration::pause();
                }
            });
            let attacked = scope.spawn(other).join();
            is_done.store(true, Ordering::Relaxed);
            watching.join().unwrap();
            attacked.unwrap();
            signing.join().unwrap()
        })
    }

    pub(crate) fn most_memory(&self) -> BTreeMap<&'static str, u64> {
        self.most_memory.lock().unwrap().clone()
    }

    fn watch_memory(&self) {
        let mut most = self.most_memory.lock().unwrap();
        for (service, now) in self.memory() {
            let most = most.entry(service).or_default();
            *most = now.max(*most);
        }
    }

    /// Each service stayed below the limit, and gives back what it took.
    pub(crate) fn check_memory(&self) {
        for (service, most) in self.most_memory() {
            assert!(most < MOST_KILOBYTES, "{service} took {most} kB");
        }
        let is_idle_again = || {
            let now = self.memory();
            let mut services = self.idle_memory.iter();
            services.all(|(service, idle)| now[service] < idle + NEAR_KILOBYTES)
        };
        let idle = wait_for("the memory of before", is_idle_again);
        idle.unwrap_or_else(|_| panic!("{:?}, idle {:?}", self.memory(), self.idle_memory));
        println!(
            "memory afterwards: {:?} kB, before: {:?} kB",
            self.memory(),
            self.idle_memory
        );
    }

    /// Every service is the process that it was.
    pub(crate) fn check_alive(&self) {
        for (service, process) in &self.processes {
            let name = std::fs::read_to_string(format!("/proc/{process}/comm"));
            let name = name.unwrap_or_else(|_| panic!("{service} ended"));
            assert!(name.contains(service), "{service} is now {name}");
        }
    }

    /// The resident memory of each service in kB.
    fn memory(&self) -> BTreeMap<&'static str, u64> {
        let memory = |(service, process): (&&'static str, &String)| {
            let status = std::fs::read_to_string(format!("/proc/{process}/status"));
            let status = status.unwrap_or_else(|_| panic!("{service} ended"));
            let line = status.lines().find(|line| line.starts_with("VmRSS:"));
            let number = line.unwrap().split_whitespace().nth(1).unwrap();
            (*service, number.parse().unwrap())
        };
        self.processes.iter().map(memory).collect()
    }
}

/// How long each signing took.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.clone();
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_millis();
        let (half, most) = (at(50), at(99));
        write!(f, "{} signings, p50 {half} ms, p99 {most} ms", times.len())
    }
}

const PROBE: Duration = Duration::from_secs(5);
const DESCRIPTORS: u32 = 400;
const MOST_KILOBYTES: u64 = 384 << 10;
const NEAR_KILOBYTES: u64 = 96 << 10;
