use std::time::Duration;

/// What one request may cost, over HTTP or over gRPC.
///
/// A route or method cannot be mounted without one. Each part bounds what one caller can hold: memory for the request and
/// its answer, and the time for which it holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Largest request body, or message of a gRPC call, in bytes. A larger one is answered with 413 and this number.
    pub body_bytes: usize,
    /// Largest answer in bytes. What is larger is a fault of the service.
    pub answer_bytes: usize,
    /// Longest time from the head of a request to the end of its body. Later is answered with 408.
    pub read_time: Duration,
    /// Longest time from there to the head of the answer. Later is answered with 504.
    pub work_time: Duration,
    /// Longest time for which the caller may take nothing of an answer. Its stream, or its connection, ends then.
    pub progress_time: Duration,
    /// Which large answers wait for one another.
    pub queue: Queue,
    /// Whether a large answer is read while it is sent ([`crate::streamed`]). It takes little memory, so it waits for nobody.
    pub is_streamed: bool,
}

/// Large answers are made by a few at a time; those of one queue do not wait for those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// What is read and given as it is.
    Files,
    /// What is looked up, which people wait for.
    Searches,
}

impl Budget {
    /// A budget of `body_bytes` bytes and `work_seconds` seconds. Large bodies have more time to arrive.
    #[must_use]
    pub const fn new(body_bytes: usize, work_seconds: u64) -> Self {
        let seconds = READ_SECONDS + 2 * (body_bytes >> 20) as u64;
        Self {
            body_bytes,
            answer_bytes: ANSWER_BYTES,
            read_time: Duration::from_secs(seconds),
            work_time: Duration::from_secs(work_seconds),
            progress_time: PROGRESS,
            queue: Queue::Files,
            is_streamed: false,
        }
    }

    /// The budget of a route that takes no body.
    #[must_use]
    pub const fn read() -> Self {
        Self::new(1024, 10)
    }

    /// The same with answers of up to `answer_bytes` bytes.
    #[must_use]
    pub const fn answering(self, answer_bytes: usize) -> Self {
        Self {
            answer_bytes,
            ..self
        }
    }

    /// The same with answers of up to `answer_bytes` bytes that are read while they are sent.
    #[must_use]
    pub const fn streaming(self, answer_bytes: usize) -> Self {
        Self {
            answer_bytes,
            is_streamed: true,
            ..self
        }
    }

    /// The same for answers that are looked up.
    #[must_use]
    pub const fn searching(self) -> Self {
        Self {
            queue: Queue::Searches,
            ..self
        }
    }

    /// Whether so few of these answers are made at once that they cannot fill the memory before they are counted.
    pub(crate) const fn has_large_answers(&self) -> bool {
        self.answer_bytes > ANSWER_BYTES && !self.is_streamed
    }

    /// Largest answer that is made as a whole, in bytes.
    pub(crate) const fn whole_bytes(&self) -> usize {
        match self.is_streamed && self.answer_bytes > ANSWER_BYTES {
            true => ANSWER_BYTES,
            false => self.answer_bytes,
        }
    }
}

/// How a gRPC method exchanges messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// One message in, one message out.
    Unary,
    /// One message in, then messages as they come. It ends after an hour, and a connection has a few of them only.
    Watch,
    /// Messages both ways. The message limit and the time hold for the whole call.
    Conversation,
}

/// A method of a gRPC service, and what a call of it may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    pub(crate) name: &'static str,
    pub(crate) call: Call,
    pub(crate) budget: Budget,
}

impl Method {
    /// A method with one message in each direction, under the name that it has in its service.
    #[must_use]
    pub const fn unary(name: &'static str, budget: Budget) -> Self {
        Self {
            name,
            call: Call::Unary,
            budget,
        }
    }

    /// A method that answers with a stream of messages.
    #[must_use]
    pub const fn watch(name: &'static str, budget: Budget) -> Self {
        Self {
            name,
            call: Call::Watch,
            budget,
        }
    }

    pub(crate) const fn conversation(name: &'static str, budget: Budget) -> Self {
        Self {
            name,
            call: Call::Conversation,
            budget,
        }
    }
}

/// Counts the elements of all lists in the message of a method, which is given by its path, up to one more than the given
/// number.
pub type Elements = fn(&str, &[u8], usize) -> usize;

/// More than any list of a request has any use for. An empty element is short in a message, and in memory as large as a full
/// one.
pub(crate) const MOST_ELEMENTS: usize = 1024;

/// A route or method as it is mounted, for tests and for people who want to know what is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `public`, `ops` or `admin`.
    pub listener: &'static str,
    /// `GET /path` or `/package.Service/Method`.
    pub name: String,
    /// What one request on it may cost.
    pub budget: Budget,
}

const READ_SECONDS: u64 = 10;
const ANSWER_BYTES: usize = 1 << 20;
pub(crate) const PROGRESS: Duration = Duration::from_secs(20);
/// How much of one answer waits for HTTP/2 to write it, in bytes.
pub(crate) const SEND_BUFFER: usize = 256 << 10;
