//! Asks over HTTP/1.1, on a connection of its own.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpStream;

use super::{Answer, Ask, Leave};
use crate::scripted::board::{Board, Seen};
use crate::scripted::wire::{Framing, Piece, Wire};

/// Sends the request and takes in the answer. An answer that is cut is no error.
pub(in crate::scripted) async fn ask(
    address: SocketAddr,
    id: &str,
    ask: &Ask,
    board: &Board,
) -> Result<Answer> {
    let mut wire = Wire::new(TcpStream::connect(address).await?)?;
    wire.write(head(address, id, ask).as_bytes()).await?;
    if ask.leave == Leave::InUpload {
        wire.write(ask.body.get(..ask.body.len() / 2).unwrap_or_default()).await?;
        board.until_seen(id, Seen::Head).await;
        return Ok(Answer::default());
    }
    // A gateway that refuses the request may close before it has all of it: its answer says so.
    let _ = send_body(&mut wire, ask).await;
    if ask.leave == Leave::Waiting {
        board.until_seen(id, Seen::Whole).await;
        return Ok(Answer::default());
    }
    let mut answer = Answer::default();
    // What has come stands in the answer, whatever cut the rest.
    let _ = receive(&mut wire, ask, &mut answer).await;
    Ok(answer)
}

fn head(address: SocketAddr, id: &str, ask: &Ask) -> String {
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: {address}\r\nx-request-id: {id}\r\n", ask.method, ask.path);
    for (name, value) in &ask.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !ask.trailers.is_empty() {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if ask.method != "GET" {
        head.push_str(&format!("content-length: {}\r\n", ask.body.len()));
    }
    head + "\r\n"
}

async fn send_body(wire: &mut Wire, ask: &Ask) -> Result<()> {
    if ask.trailers.is_empty() {
        return wire.write(&ask.body).await;
    }
    wire.write(format!("{:x}\r\n", ask.body.len()).as_bytes()).await?;
    wire.write(&ask.body).await?;
    let trailers: String = ask.trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    wire.write(format!("\r\n0\r\n{trailers}\r\n").as_bytes()).await
}

async fn receive(wire: &mut Wire, ask: &Ask, answer: &mut Answer) -> Result<()> {
    let Some(head) = wire.head().await? else { return Ok(()) };
    answer.status = head.status();
    // What follows a 101 has no end but the connection's.
    let without_body = ask.method == "HEAD" || matches!(answer.status, Some(204 | 304));
    let mut framing = head.framing(Framing::UntilClose)?;
    answer.headers = head.headers;
    if without_body {
        framing = Framing::Length(0);
    }
    loop {
        if matches!(ask.leave, Leave::After(bytes) if answer.body.len() >= bytes) {
            return Ok(());
        }
        match wire.piece(&mut framing).await? {
            Piece::Data(data) => answer.body.extend_from_slice(&data),
            Piece::End(trailers) => {
                answer.trailers = trailers;
                answer.whole = true;
                return Ok(());
            }
        }
    }
}
