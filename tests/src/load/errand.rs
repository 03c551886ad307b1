//! One request, from its sending to where its answer ends or is left.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Pool};
use super::request;
use crate::plan::{Fate, Plan};
use crate::rendezvous::{Meetings, OpenMeeting};
use crate::truth::ClientEnd;

/// A request that is to be sent.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) request_id: String,
    pub(super) backend: &'static str,
    pub(super) address: SocketAddr,
    pub(super) plan: Plan,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) status: Option<u16>,
    pub(super) overloaded: bool,
    pub(super) response_bytes: u64,
    pub(super) end: ClientEnd,
}

impl Report {
    fn without_answer(end: ClientEnd) -> Self {
        Self { status: None, overloaded: false, response_bytes: 0, end }
    }
}

impl Errand {
    /// Sends the request and follows its answer to the end, or to where the plan leaves it.
    pub(super) async fn run(&self, pool: &Pool, tasks: &TaskTracker, meetings: &Arc<Meetings>) -> Report {
        let meeting = self.plan.fate.needs_meeting().then(|| meetings.open(&self.request_id));
        let begun = tokio::select! {
            begun = self.begin(pool, tasks) => begun,
            () = patience_ends(self.plan.fate, meeting.as_ref()) => Err(ClientEnd::Aborted),
        };
        match begun {
            Ok((connection, response)) => self.follow(connection, response, pool, meeting.as_ref()).await,
            Err(end) => Report::without_answer(end),
        }
    }

    /// Sends the request, again if a kept connection turns out to be closed before its first byte.
    async fn begin(
        &self,
        pool: &Pool,
        tasks: &TaskTracker,
    ) -> Result<(Connection, Response<Incoming>), ClientEnd> {
        let mut request =
            request::outgoing(&self.request_id, self.backend, &self.plan).ok_or(ClientEnd::ConnectFailed)?;
        loop {
            let taken = pool.take(self.address, tasks).await;
            let mut connection = taken.map_err(|_| ClientEnd::ConnectFailed)?;
            match connection.send(request).await {
                Ok(response) => return Ok((connection, response)),
                Err(mut error) => request = error.take_message().ok_or(ClientEnd::Cut)?,
            }
        }
    }

    async fn follow(
        &self,
        connection: Connection,
        response: Response<Incoming>,
        pool: &Pool,
        meeting: Option<&OpenMeeting>,
    ) -> Report {
        let mut report = Report {
            status: Some(response.status().as_u16()),
            overloaded: response.headers().contains_key("x-envoy-overloaded"),
            response_bytes: 0,
            end: ClientEnd::Complete,
        };
        let leaves = matches!(self.plan.fate, Fate::ClientAbort { .. });
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Report { end: ClientEnd::Cut, ..report };
            };
            report.response_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            if let Some(meeting) = meeting {
                meeting.received(report.response_bytes);
                if leaves && meeting.all_received() {
                    // Dropping the connection closes it.
                    return Report { end: ClientEnd::Aborted, ..report };
                }
            }
        }
        pool.give_back(self.address, connection);
        report
    }
}

/// Ends when the client is to leave without an answer; never, unless that is its fate.
async fn patience_ends(fate: Fate, meeting: Option<&OpenMeeting>) {
    match (fate, meeting) {
        (Fate::ClientAbortBeforeHeaders { patience }, Some(meeting)) => {
            meeting.until_seen().await;
            tokio::time::sleep(patience).await;
        }
        _ => std::future::pending().await,
    }
}
