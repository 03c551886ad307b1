//! Plays scripts on an HTTP/1.1 connection.

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;

use crate::scripted::board::Board;
use crate::scripted::script::{Script, Step};
use crate::scripted::wire::{Framing, Head, Piece, Wire};

/// Plays one script after another, until either side closes the connection.
pub(super) async fn converse(stream: TcpStream, board: &Board) -> Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(head) = wire.head().await? {
        let id = head.get("x-request-id").context("a request without an id")?;
        let script = board.next(id).with_context(|| format!("no script for {id}"))?;
        if head.get("upgrade").is_none() {
            swallow(&mut wire, &head).await?;
        }
        board.whole_request(id);
        match play(wire, &script, board).await? {
            Some(same) => wire = same,
            None => return Ok(()),
        }
    }
    Ok(())
}

async fn swallow(wire: &mut Wire, head: &Head) -> Result<()> {
    let mut framing = head.framing(Framing::Length(0))?;
    while let Piece::Data(_) = wire.piece(&mut framing).await? {}
    Ok(())
}

/// Plays one; gives the connection back if it is good for another.
async fn play(mut wire: Wire, script: &Script, board: &Board) -> Result<Option<Wire>> {
    let mut chunked = false;
    for step in script.steps() {
        match step {
            Step::Head(status, headers) => {
                let framed = |name: &str| headers.iter().any(|(known, _)| known == name);
                chunked = *status >= 200 && !framed("content-length") && *status != 204 && *status != 304;
                wire.write(&head(*status, headers, chunked)).await?;
            }
            Step::Data(bytes) => data(&mut wire, bytes, chunked).await?,
            Step::Again(bytes, times) => {
                for _ in 0..*times {
                    data(&mut wire, bytes, chunked).await?;
                }
            }
            Step::End => {
                if chunked {
                    wire.write(b"0\r\n\r\n").await?;
                }
                return Ok(Some(wire));
            }
            Step::Trailers(trailers) => {
                let lines: String =
                    trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                wire.write(format!("0\r\n{lines}\r\n").as_bytes()).await?;
                return Ok(Some(wire));
            }
            Step::Wait(pause) => tokio::time::sleep(*pause).await,
            Step::Gate => board.until_open().await,
            Step::Hold => wire.until_closed().await,
            Step::Reset => {
                wire.reset()?;
                return Ok(None);
            }
            Step::Close => return Ok(None),
            Step::Raw(bytes) => wire.write(bytes).await?,
            Step::Echo => {
                while let Some(bytes) = wire.some().await? {
                    wire.write(&bytes).await?;
                }
                return Ok(None);
            }
        }
    }
    bail!("a script without an end")
}

fn head(status: u16, headers: &[(String, String)], chunked: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(if chunked { "transfer-encoding: chunked\r\n\r\n" } else { "\r\n" });
    head.into_bytes()
}

async fn data(wire: &mut Wire, bytes: &[u8], chunked: bool) -> Result<()> {
    if !chunked {
        return wire.write(bytes).await;
    }
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    wire.write(&chunk).await
}
