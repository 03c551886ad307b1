//! Errors as the API tells them: problem documents of RFC 9457.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The most bytes of a detail: what is refused may echo in it, and it is logged and kept.
const MAX_DETAIL: usize = 300;

/// Why a request was not answered. Boxed, since most requests are.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize)]
struct FieldError {
    field: String,
    detail: String,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// Declares one constructor a kind of problem.
macro_rules! problems {
    ($($(#[doc = $doc:literal])+ $function:ident: $status:ident $kind:literal $title:literal;)+) => {
        impl Problem {
            $($(#[doc = $doc])+ pub(crate) fn $function(detail: impl Into<String>) -> Self {
                Self(Box::new(Parts {
                    status: StatusCode::$status,
                    kind: $kind,
                    title: $title,
                    detail: bounded(detail.into()),
                    errors: Vec::new(),
                    header: None,
                }))
            })+
        }
    };
}

problems! {
    /// A batch that is none.
    malformed_batch: BAD_REQUEST "malformed-batch" "The batch is malformed";
    /// A parameter that cannot be understood.
    bad_parameter: BAD_REQUEST "bad-parameter" "A parameter is wrong";
    /// The body broke off. Not 400: a producer would drop the batch, of which nothing was kept.
    incomplete_body: REQUEST_TIMEOUT "incomplete-body" "The body is incomplete";
    /// No token, or one that is not known.
    unauthorized: UNAUTHORIZED "unauthorized" "A token is needed";
    /// A token that is not good for this, or a peer that may not connect.
    forbidden: FORBIDDEN "forbidden" "Not allowed";
    /// Nothing is there.
    not_found: NOT_FOUND "not-found" "Nothing is here";
    /// It is there, and is not to be used like this.
    method_not_allowed: METHOD_NOT_ALLOWED "method-not-allowed" "The method is not allowed here";
    /// The body took too long.
    body_timeout: REQUEST_TIMEOUT "body-timeout" "The body took too long";
    /// The body is larger than allowed.
    body_too_large: PAYLOAD_TOO_LARGE "body-too-large" "The body is too large";
    /// A content type or a version that is not spoken.
    unsupported: UNSUPPORTED_MEDIA_TYPE "unsupported-batch" "The batch is of a kind that is not accepted";
    /// It may go better later.
    unavailable: SERVICE_UNAVAILABLE "unavailable" "Not possible at the moment";
    /// A fault of the collector's own.
    internal: INTERNAL_SERVER_ERROR "internal" "The collector is at fault";
}

impl Problem {
    /// Names the field at fault.
    pub(crate) fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        let (field, detail) = (bounded(field.into()), bounded(detail.into()));
        self.0.errors.push(FieldError { field, detail });
        self
    }

    /// Asks to come again after so many seconds.
    pub(crate) fn retry_after(self, seconds: u16) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// With a header that belongs to the status.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }
}

/// At most [`MAX_DETAIL`] bytes of `text`, cut at a character, with an ellipsis where something is gone.
fn bounded(mut text: String) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() > MAX_DETAIL {
        text.truncate(text.floor_char_boundary(MAX_DETAIL - ELLIPSIS.len()));
        text.push_str(ELLIPSIS);
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, kind, title, detail, errors, header } = *self.0;
        let document = Document {
            kind: format!("urn:weir:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: &detail,
            errors: &errors,
        };
        let mut response = (status, Json(document)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_cut_at_a_character() {
        let check = |text: &str, expected: &str| assert_eq!(bounded(text.to_owned()), expected);
        check("short", "short");
        check(&"x".repeat(300), &"x".repeat(300));
        check(&"x".repeat(301), &format!("{}…", "x".repeat(297)));
        check(&"ü".repeat(151), &format!("{}…", "ü".repeat(148)));
        let problem = Problem::malformed_batch("y".repeat(1 << 20)).field("z".repeat(400), "w".repeat(400));
        assert!(problem.detail().len() == 300 && format!("{problem:?}").len() < 2000);
    }
}
