//! HTTP/1.1 messages on a socket, read and written by hand, so that a script says every byte.

use anyhow::{Context, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The first line and the headers, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) first: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The status of a response.
    pub(super) fn status(&self) -> Option<u16> {
        self.first.split(' ').nth(1)?.parse().ok()
    }

    /// How the body is framed; where nothing says so, as `otherwise`.
    pub(super) fn framing(&self, otherwise: Framing) -> Result<Framing> {
        if self.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Ok(Framing::Chunked);
        }
        let Some(length) = self.get("content-length") else { return Ok(otherwise) };
        Ok(Framing::Length(length.parse().context("content-length")?))
    }
}

/// How much of a body is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// A piece of a body, or its end.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End(Vec<(String, String)>),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Result<Self> {
        // Without it pieces would wait for one another.
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::new() })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// The next head; `None` if the other side has closed in between.
    pub(super) async fn head(&mut self) -> Result<Option<Head>> {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.line().await? else {
                ensure!(lines.is_empty() && self.buffer.is_empty(), "closed within a head");
                return Ok(None);
            };
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut lines = lines.into_iter();
        let first = lines.next().context("an empty head")?;
        Ok(Some(Head { first, headers: lines.map(|line| field(&line)).collect() }))
    }

    /// The next piece of a body framed so.
    pub(super) async fn piece(&mut self, framing: &mut Framing) -> Result<Piece> {
        match framing {
            Framing::Length(0) => Ok(Piece::End(Vec::new())),
            Framing::Length(left) => {
                ensure!(!self.buffer.is_empty() || self.fill().await?, "cut {left} bytes before its end");
                let piece = self.buffer.split_to(self.buffer.len().min(*left)).freeze();
                *left = left.saturating_sub(piece.len());
                Ok(Piece::Data(piece))
            }
            Framing::Chunked => self.chunk().await,
            Framing::UntilClose => {
                let more = !self.buffer.is_empty() || self.fill().await?;
                let piece = self.buffer.split().freeze();
                Ok(if more { Piece::Data(piece) } else { Piece::End(Vec::new()) })
            }
        }
    }

    /// Reads and forgets until the other side has left.
    pub(super) async fn until_closed(&mut self) {
        while self.fill().await.unwrap_or(false) {
            self.buffer.clear();
        }
    }

    /// What has come, at least a byte of it; `None` if the other side has closed.
    pub(super) async fn some(&mut self) -> Result<Option<Bytes>> {
        if self.buffer.is_empty() && !self.fill().await? {
            return Ok(None);
        }
        Ok(Some(self.buffer.split().freeze()))
    }

    /// Closes the connection with a reset.
    pub(super) fn reset(self) -> Result<()> {
        Ok(self.stream.set_zero_linger()?)
    }

    async fn chunk(&mut self) -> Result<Piece> {
        let size = self.line().await?.context("cut before a chunk")?;
        let size = usize::from_str_radix(size.trim(), 16).with_context(|| format!("chunk size {size:?}"))?;
        if size == 0 {
            let mut trailers = Vec::new();
            loop {
                let line = self.line().await?.context("cut within the trailers")?;
                if line.is_empty() {
                    return Ok(Piece::End(trailers));
                }
                trailers.push(field(&line));
            }
        }
        while self.buffer.len() < size.saturating_add(2) {
            ensure!(self.fill().await?, "cut within a chunk");
        }
        let data = self.buffer.split_to(size).freeze();
        if self.buffer.split_to(2).as_ref() != b"\r\n" {
            bail!("a chunk does not end with a line's end");
        }
        Ok(Piece::Data(data))
    }

    /// A line without its end; `None` if the connection was closed before it was whole.
    async fn line(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.split_to(at);
                let _end = self.buffer.split_to(2);
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Reads more; false at the end.
    async fn fill(&mut self) -> Result<bool> {
        self.buffer.reserve(16 * 1024);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.trim().to_ascii_lowercase(), value.trim().to_owned())
}
