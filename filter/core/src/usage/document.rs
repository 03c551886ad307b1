//! What one document of a body says besides the counts in its usage object, while it lasts.

use super::numbers::Count;

/// How a body brings its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Documents {
    /// One, or one array.
    One,
    /// One after another: events, lines.
    Many,
}

/// What an event says that it is, as far as it tells whether the counts are the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Other,
    /// The last event of a stream that carries its counts itself.
    Last,
    /// Anthropic's event before the last, which tells the end and the counts, unless it says that it does not.
    MessageDelta,
    /// Anthropic's last event.
    Stop,
}

impl Kind {
    /// The kind that an event's `type` names.
    pub(super) fn of(text: &[u8]) -> Self {
        match text {
            b"response.completed"
            | b"response.incomplete"
            | b"response.failed"
            | b"interaction.complete"
            | b"interaction.completed"
            | b"message-end"
            | b"transcript.text.done"
            | b"speech.audio.done"
            | b"image_generation.completed"
            | b"image_edit.completed" => Self::Last,
            b"message_delta" => Self::MessageDelta,
            b"message_stop" => Self::Stop,
            _ => Self::Other,
        }
    }
}

/// What one document says besides its counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document {
    pub(super) kind: Kind,
    /// It has told counts.
    pub(super) told: bool,
    pub(super) choices: bool,
    pub(super) choice: bool,
    /// Its reason for the end is null.
    pub(super) goes_on: bool,
    pub(super) done: bool,
    /// It tells of something else than this request.
    pub(super) foreign: bool,
    pub(super) flat: [Count; 2],
    pub(super) results: [Count; 2],
    pub(super) part_count: Count,
    pub(super) part_wanted: bool,
}

/// A document of which nothing has been seen.
pub(super) const FRESH: Document = Document {
    kind: Kind::Other,
    told: false,
    choices: false,
    choice: false,
    goes_on: false,
    done: false,
    foreign: false,
    flat: [Count::NONE; 2],
    results: [Count::NONE; 2],
    part_count: Count::NONE,
    part_wanted: false,
};
