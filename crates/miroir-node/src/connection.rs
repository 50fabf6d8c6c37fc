//! One keep-alive connection over HTTP/1.1: a request goes out in one write, its answer comes into one buffer.
//!
//! Whoever asks drives the connection himself. A client that runs each connection in a task of its own wakes two tasks more for an
//! exchange, which costs more than the whole exchange does here.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use httparse::Status;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_util::io::{poll_read_buf, poll_write_buf};

use crate::error::Stage;
use crate::outgoing::Outgoing;

/// Bytes of an answer's head, and of one line between chunks.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// Room for the first answer; later ones get as much as the one before them took.
const FIRST_ROOM: usize = 2 * 1024;
const MOST_ROOM: usize = 256 * 1024;

/// A connection between two exchanges.
pub(crate) struct Connection<S> {
    stream: S,
    /// What has been read and belongs to nobody yet.
    buffer: BytesMut,
    /// Bytes of the last answer.
    room: usize,
}

/// What came back.
pub(crate) struct Exchanged {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// The connection may serve another exchange.
    pub(crate) reusable: bool,
}

/// An exchange that failed.
pub(crate) struct Broken {
    pub(crate) cause: io::Error,
    /// Not one byte of an answer had come.
    pub(crate) unanswered: bool,
}

/// How long the body of an answer is (RFC 9112, 6.3).
#[derive(Debug, Clone, Copy)]
enum Length {
    Known(usize),
    Chunked,
    UntilClosed,
}

struct Head {
    status: StatusCode,
    length: Length,
    keep_alive: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            room: FIRST_ROOM,
        }
    }

    /// Whether the other side has neither closed it nor said something that nobody asked for.
    pub(crate) fn is_open(&mut self) -> bool {
        let mut byte = [0; 1];
        let read = pin!(self.stream.read(&mut byte));
        read.poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    }

    /// Sends a request and reads the whole answer. `stage` follows how far it has come.
    pub(crate) async fn exchange(
        &mut self,
        head: &[u8],
        mut body: Outgoing,
        stage: &mut Stage,
    ) -> Result<Exchanged, Broken> {
        self.buffer.reserve(self.room);
        let mut first = Buf::chain(head, body.next().unwrap_or_default());
        let mut sent = self.send(&mut first).await;
        let mut is_whole = !first.has_remaining();
        while is_whole && let Some(mut piece) = body.next() {
            sent = self.send(&mut piece).await;
            is_whole = !piece.has_remaining();
        }
        // A node that does not want the rest of a body says so and closes: its answer may be there all the same.
        match self.answer(stage).await {
            Ok(mut exchanged) => {
                exchanged.reusable &= is_whole;
                Ok(exchanged)
            }
            Err(cause) => Err(Broken {
                cause: sent.err().unwrap_or(cause),
                unanswered: *stage == Stage::Wait && self.buffer.is_empty(),
            }),
        }
    }

    /// Ends early when the other side answers before it has taken everything.
    async fn send(&mut self, request: &mut (impl Buf + Unpin)) -> io::Result<()> {
        poll_fn(|context| {
            while request.has_remaining() {
                let mut stream = Pin::new(&mut self.stream);
                match poll_write_buf(stream.as_mut(), context, request) {
                    Poll::Ready(Ok(0)) => {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    Poll::Ready(written) => drop(written?),
                    Poll::Pending => {
                        ready!(poll_read_buf(stream, context, &mut self.buffer))?;
                        break;
                    }
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    async fn answer(&mut self, stage: &mut Stage) -> io::Result<Exchanged> {
        let head = loop {
            let head = self.head().await?;
            if !head.status.is_informational() {
                break head;
            }
        };
        *stage = Stage::Read;
        let body = match head.length {
            Length::Known(length) => self.exactly(length).await?,
            Length::Chunked => self.chunks().await?,
            Length::UntilClosed => self.rest().await?,
        };
        self.room = (body.len() + 512).clamp(FIRST_ROOM, MOST_ROOM);
        Ok(Exchanged {
            status: head.status,
            body,
            reusable: head.keep_alive && self.buffer.is_empty(),
        })
    }

    async fn head(&mut self) -> io::Result<Head> {
        loop {
            if !self.buffer.is_empty()
                && let Some((length, head)) = parse_head(&self.buffer)?
            {
                self.buffer.advance(length);
                return Ok(head);
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(invalid("the head of the answer is too long"));
            }
            self.more().await?;
        }
    }

    /// Reads what there is; an end is an error.
    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Bytes> {
        self.buffer
            .reserve(length.saturating_sub(self.buffer.len()));
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn chunks(&mut self) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let size = self.chunk_size().await?;
            if size == 0 {
                break;
            }
            let chunk = self.exactly(size).await?;
            body.extend_from_slice(&chunk);
            if self.line().await? != 0 {
                return Err(invalid("a chunk is longer than it says"));
            }
        }
        // Headers may follow; nobody wants them.
        while self.line().await? > 0 {}
        Ok(body.freeze())
    }

    async fn chunk_size(&mut self) -> io::Result<usize> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(Status::Complete((length, size))) => {
                    self.buffer.advance(length);
                    return usize::try_from(size).map_err(|_| invalid("a chunk is too long"));
                }
                Ok(Status::Partial) if self.buffer.len() <= LONGEST_HEAD => self.more().await?,
                _ => return Err(invalid("a chunk has no size")),
            }
        }
    }

    /// Passes over one line and says how long it was.
    async fn line(&mut self) -> io::Result<usize> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                self.buffer.advance(end + 2);
                return Ok(end);
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(invalid("a line of the answer is too long"));
            }
            self.more().await?;
        }
    }

    async fn rest(&mut self) -> io::Result<Bytes> {
        while self.stream.read_buf(&mut self.buffer).await? > 0 {}
        Ok(self.buffer.split().freeze())
    }
}

/// The head and how many bytes it took; `None` while it is not complete.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(usize, Head)>> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let length = match parser.parse_response_with_uninit_headers(&mut answer, bytes, &mut headers) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(invalid(error)),
    };
    let status = answer.code.unwrap_or_default();
    let status = StatusCode::from_u16(status).map_err(invalid)?;
    let mut keep_alive = answer.version == Some(1);
    let mut announced = None;
    let mut is_chunked = false;
    for header in answer.headers.iter() {
        let has = |word: &[u8]| {
            let mut words = header.value.split(|byte| *byte == b',');
            words.any(|found| found.trim_ascii().eq_ignore_ascii_case(word))
        };
        if header.name.eq_ignore_ascii_case("content-length") {
            let number = std::str::from_utf8(header.value).map_err(invalid)?;
            announced = Some(number.trim().parse().map_err(invalid)?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            is_chunked = has(b"chunked");
        } else if header.name.eq_ignore_ascii_case("connection") && has(b"close") {
            keep_alive = false;
        }
    }
    let has_none = status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = match announced {
        _ if has_none => Length::Known(0),
        _ if is_chunked => Length::Chunked,
        Some(length) => Length::Known(length),
        None => {
            keep_alive = false;
            Length::UntilClosed
        }
    };
    let head = Head {
        status,
        length: body,
        keep_alive,
    };
    Ok(Some((length, head)))
}

fn invalid(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}
