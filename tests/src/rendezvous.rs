//! Where the load client and a provider meet behind the gateway's back.
//!
//! A stream that is cut is only known exactly when both ends agree on what got through first. So
//! the provider says where it will hold still, and the client says how far it has read. This
//! module knows request ids and byte counts, and neither plans nor HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// All meetings that are open now, by request id.
#[derive(Debug, Default)]
pub struct Meetings {
    open: Mutex<HashMap<String, Meeting>>,
}

impl Meetings {
    /// Opens the meeting for one request; it is forgotten when the returned guard goes.
    pub fn open(self: &Arc<Self>, request_id: &str) -> OpenMeeting {
        let meeting = Meeting::default();
        self.lock().insert(request_id.to_owned(), meeting.clone());
        OpenMeeting { meetings: Arc::clone(self), request_id: request_id.to_owned(), meeting }
    }

    /// The meeting that the client has opened for this request, if it wants one.
    pub fn find(&self, request_id: &str) -> Option<Meeting> {
        self.lock().get(request_id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Meeting>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client's hold on an open meeting.
#[derive(Debug)]
pub struct OpenMeeting {
    meetings: Arc<Meetings>,
    request_id: String,
    meeting: Meeting,
}

impl std::ops::Deref for OpenMeeting {
    type Target = Meeting;

    fn deref(&self) -> &Meeting {
        &self.meeting
    }
}

impl Drop for OpenMeeting {
    fn drop(&mut self) {
        self.meetings.lock().remove(&self.request_id);
    }
}

#[derive(Debug, Default)]
struct State {
    seen: bool,
    hold_at: Option<u64>,
    received: u64,
}

/// What the two sides have told each other about one request.
#[derive(Debug, Clone, Default)]
pub struct Meeting {
    state: Arc<watch::Sender<State>>,
}

impl Meeting {
    /// The provider says that it has the whole request.
    pub fn request_seen(&self) {
        self.state.send_modify(|state| state.seen = true);
    }

    /// The provider says, before its first byte, that it will send this many body bytes and then
    /// hold still.
    pub fn will_hold_at(&self, body_bytes: u64) {
        self.state.send_modify(|state| state.hold_at = Some(body_bytes));
    }

    /// The client says how many body bytes it has read so far.
    pub fn received(&self, body_bytes: u64) {
        self.state.send_modify(|state| state.received = body_bytes);
    }

    /// Whether the client has read everything that will come before the provider holds still.
    pub fn all_received(&self) -> bool {
        let state = self.state.borrow();
        state.hold_at.is_some_and(|bytes| state.received >= bytes)
    }

    /// Waits until the provider has the whole request.
    pub async fn until_seen(&self) {
        self.until(|state| state.seen).await;
    }

    /// Waits until the client has read everything that came before the hold.
    pub async fn until_all_received(&self) {
        self.until(|state| state.hold_at.is_some_and(|bytes| state.received >= bytes)).await;
    }

    async fn until(&self, reached: impl FnMut(&State) -> bool) {
        // It fails only when the sender is gone, and `self` holds the sender.
        let _ = self.state.subscribe().wait_for(reached).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_sides_learn_how_far_the_other_is() {
        let meetings = Arc::new(Meetings::default());
        let client = meetings.open("a");
        let provider = meetings.find("a").unwrap();

        assert!(!client.all_received(), "nothing is promised yet");
        provider.request_seen();
        provider.will_hold_at(10);
        client.until_seen().await;
        client.received(9);
        assert!(!client.all_received());
        client.received(10);
        assert!(client.all_received());
        provider.until_all_received().await;

        drop(client);
        assert!(meetings.find("a").is_none(), "a finished request leaves nothing behind");
    }
}
