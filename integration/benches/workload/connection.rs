//! One kept-alive connection in plain HTTP/1.1.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Where requests go, and what they begin with.
#[derive(Clone)]
pub(crate) struct Target {
    address: Arc<str>,
    head: Arc<str>,
}

impl Target {
    /// For bodies in JSON, or none.
    pub(crate) fn new(url: &str, method: &str, path: &str) -> Result<Self> {
        let address = url
            .strip_prefix("http://")
            .context("only plain HTTP is measured")?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\ncontent-type: application/json\r\n"
        );
        Ok(Self {
            address: address.into(),
            head: head.into(),
        })
    }
}

/// A connection that is made when it is first used, and again when the server closed it.
pub(crate) struct Connection {
    target: Target,
    stream: Option<BufReader<TcpStream>>,
    request: Vec<u8>,
    line: String,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            stream: None,
            request: Vec::new(),
            line: String::new(),
            answer: Vec::new(),
        }
    }

    /// Connects, so that the first request need not.
    pub(crate) async fn open(&mut self) -> Result<()> {
        if self.stream.is_none() {
            self.stream = Some(connect(&self.target.address).await?);
        }
        Ok(())
    }

    /// Sends a body and gives status and body of the answer. After an error the next call connects anew.
    pub(crate) async fn exchange(&mut self, body: &[u8]) -> Result<(u16, &[u8])> {
        self.request.clear();
        self.request.extend_from_slice(self.target.head.as_bytes());
        self.request
            .extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        self.request.extend_from_slice(body);
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(&self.target.address).await?,
        };
        stream.get_mut().write_all(&self.request).await?;
        let head = read_head(&mut stream, &mut self.line).await?;
        read_body(&mut stream, head.length, &mut self.line, &mut self.answer).await?;
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok((head.status, &self.answer))
    }
}

struct Head {
    status: u16,
    length: Length,
    closes: bool,
}

enum Length {
    Known(usize),
    Chunked,
}

async fn connect(address: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

async fn read_head(stream: &mut BufReader<TcpStream>, line: &mut String) -> Result<Head> {
    line.clear();
    stream.read_line(line).await?;
    let status = line.split(' ').nth(1).context("no status line")?.parse()?;
    let (mut length, mut closes) = (Length::Known(0), false);
    loop {
        line.clear();
        stream.read_line(line).await?;
        let header = line.trim_end().to_ascii_lowercase();
        match header.split_once(':') {
            None => break,
            Some(("content-length", value)) => length = Length::Known(value.trim().parse()?),
            Some(("transfer-encoding", _)) => length = Length::Chunked,
            Some(("connection", value)) => closes = value.trim() == "close",
            Some(_) => {}
        }
    }
    Ok(Head {
        status,
        length,
        closes,
    })
}

async fn read_body(
    stream: &mut BufReader<TcpStream>,
    length: Length,
    line: &mut String,
    answer: &mut Vec<u8>,
) -> Result<()> {
    answer.clear();
    if let Length::Known(length) = length {
        answer.resize(length, 0);
        stream.read_exact(answer).await?;
        return Ok(());
    }
    loop {
        line.clear();
        stream.read_line(line).await?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).context("no size of a chunk")?;
        let begin = answer.len();
        answer.resize(begin + size, 0);
        stream
            .read_exact(answer.get_mut(begin..).context("no chunk")?)
            .await?;
        line.clear();
        stream.read_line(line).await?;
        if size == 0 {
            return Ok(());
        }
    }
}
