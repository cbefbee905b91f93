//! Problem details (RFC 9457).

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sofie_app::{Error, FieldError, rule_sets::RuleError};
use utoipa::ToSchema;

/// The stable words of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each word says what it means")]
pub enum Code {
    NotFound,
    Unauthenticated,
    Forbidden,
    Csrf,
    Conflict,
    Invalid,
    TooLarge,
    TooSlow,
    RateLimited,
    Unavailable,
    Internal,
    NoSpace,
    MethodNotAllowed,
    UnsupportedMediaType,
    ReauthenticationRequired,
    WrongCredentials,
    WrongCode,
    WrongPassword,
    LinkInvalid,
    VersionConflict,
    UploadOffsetMismatch,
    ChecksumMismatch,
    QuotaExceeded,
    AnswerBegun,
    EngineUnavailable,
    RulesInvalid,
    DemoMode,
    UserLimit,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field.
    pub field: &'static str,
    /// A stable word, such as `too_long`.
    pub code: &'static str,
    /// The line of it, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// What is wrong with YARA rules.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleProblem {
    /// The set.
    pub set: String,
    /// The line, from 1 on; 0 if it is not about one.
    pub line: u32,
    /// What is wrong there, in the compiler's words.
    pub message: String,
}

/// The body of every failure, `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The same in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The kind of problem as a stable word.
    code: Code,
    /// Identifies the request in the server's log; filled in on the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldProblem>)]
    errors: Box<[FieldProblem]>,
    /// What is wrong with which YARA rules.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<RuleProblem>)]
    rule_errors: Box<[RuleProblem]>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// Returns a problem of a kind.
    #[must_use]
    pub fn new(status: StatusCode, code: Code, title: &'static str) -> Self {
        let word = serde_json::to_value(code)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned));
        Self {
            kind: format!("urn:sofie:problem:{}", word.unwrap_or_default()),
            title,
            status: status.as_u16(),
            code,
            request_id: None,
            errors: Box::default(),
            rule_errors: Box::default(),
            retry_after: None,
        }
    }

    /// Says that the body's media type is not taken here.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::UnsupportedMediaType,
            "This address does not take this kind of body.",
        )
    }

    /// Says that the body came too slowly.
    pub(crate) fn too_slow(status: StatusCode) -> Self {
        Self::new(status, Code::TooSlow, "The body came too slowly.")
    }

    /// Says which fields are wrong.
    #[must_use]
    pub fn with_fields(mut self, fields: &[FieldError]) -> Self {
        self.errors = fields
            .iter()
            .map(|f| FieldProblem {
                field: f.field,
                code: f.code,
                line: f.line,
            })
            .collect();
        self
    }

    fn with_rules(mut self, errors: Vec<RuleError>) -> Self {
        let told = errors.into_iter().map(|error| RuleProblem {
            set: error.set,
            line: error.line,
            message: error.message,
        });
        self.rule_errors = told.collect();
        self
    }

    fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait.as_secs().max(1));
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        use StatusCode as S;
        match error {
            Error::NotFound => Self::new(S::NOT_FOUND, Code::NotFound, "There is nothing here."),
            Error::Unauthenticated => {
                Self::new(S::UNAUTHORIZED, Code::Unauthenticated, "Log in first.")
            }
            Error::Forbidden => Self::new(S::FORBIDDEN, Code::Forbidden, "You may not do this."),
            Error::Conflict(word) => conflict(word),
            Error::Invalid(fields) => Self::new(
                S::UNPROCESSABLE_ENTITY,
                Code::Invalid,
                "Some fields are not right.",
            )
            .with_fields(&fields),
            Error::Rules(errors) => Self::new(
                S::UNPROCESSABLE_ENTITY,
                Code::RulesInvalid,
                "The rules can't be used.",
            )
            .with_rules(errors),
            Error::Refused(word) => refused(word),
            Error::TooLarge => Self::new(
                S::PAYLOAD_TOO_LARGE,
                Code::TooLarge,
                "This is larger than allowed.",
            ),
            Error::TooSlow => Self::too_slow(S::REQUEST_TIMEOUT),
            Error::NoSpace => Self::new(
                S::INSUFFICIENT_STORAGE,
                Code::NoSpace,
                "The storage is full.",
            ),
            Error::RateLimited { retry_after } => {
                Self::new(S::TOO_MANY_REQUESTS, Code::RateLimited, "Too many tries.")
                    .retry_after(retry_after)
            }
            Error::Unavailable(source) => {
                tracing::warn!(error = %chain(source.as_ref()), "a request failed because a part is not available");
                Self::new(
                    S::SERVICE_UNAVAILABLE,
                    Code::Unavailable,
                    "Not available at present; try again.",
                )
                .retry_after(Duration::from_secs(2))
            }
            Error::Internal(source) => {
                tracing::error!(error = %chain(source.as_ref()), "a request failed");
                Self::new(
                    S::INTERNAL_SERVER_ERROR,
                    Code::Internal,
                    "Something went wrong on our side.",
                )
            }
        }
    }
}

fn conflict(word: &str) -> Problem {
    let (code, title) = match word {
        "version_conflict" => (Code::VersionConflict, "It was changed in the meantime."),
        "upload_offset_mismatch" => (
            Code::UploadOffsetMismatch,
            "The upload stands at another offset.",
        ),
        "answer_begun" => (
            Code::AnswerBegun,
            "The request is being answered in another browser.",
        ),
        "engine_unavailable" => (
            Code::EngineUnavailable,
            "The engine does not pass its self-test.",
        ),
        "user_limit" => (
            Code::UserLimit,
            "The licence allows no more users than there are.",
        ),
        _ => (Code::Conflict, "The present state does not allow this."),
    };
    let status = if code == Code::VersionConflict {
        StatusCode::PRECONDITION_FAILED
    } else {
        StatusCode::CONFLICT
    };
    Problem::new(status, code, title)
}

fn refused(word: &str) -> Problem {
    use StatusCode as S;
    match word {
        "wrong_credentials" => Problem::new(
            S::UNAUTHORIZED,
            Code::WrongCredentials,
            "The address or the password is wrong.",
        ),
        "wrong_code" => Problem::new(
            S::FORBIDDEN,
            Code::WrongCode,
            "The code is wrong or too old.",
        ),
        "wrong_password" => {
            Problem::new(S::FORBIDDEN, Code::WrongPassword, "The password is wrong.")
        }
        "link_invalid" => Problem::new(
            S::NOT_FOUND,
            Code::LinkInvalid,
            "The link is wrong or no longer works.",
        ),
        "checksum_mismatch" => {
            // 460 is the status that tus 1.0.0 gives its checksum extension.
            Problem::new(
                S::from_u16(460).unwrap_or(S::BAD_REQUEST),
                Code::ChecksumMismatch,
                "The bytes arrived changed.",
            )
        }
        "demo_mode" => Problem::new(
            S::FORBIDDEN,
            Code::DemoMode,
            "The licence does not hold: what is there can be fetched and deleted, nothing new is taken.",
        ),
        "reauthentication_required" => Problem::new(
            S::FORBIDDEN,
            Code::ReauthenticationRequired,
            "Give your password again.",
        ),
        _ => Problem::new(S::FORBIDDEN, Code::Forbidden, "You may not do this."),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = self.retry_after;
        // The middleware that adds the request id finds the problem in the extensions.
        let mut response = (status, Json(&self)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = wait {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
