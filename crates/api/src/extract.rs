//! Extractors that refuse with a [`Problem`].

use std::time::Duration;

use axum::{
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, Request, rejection::JsonRejection,
    },
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{Code, Problem};

/// How long a JSON body, which is small, may be on its way.
const LONGEST: Duration = Duration::from_secs(30);

/// The JSON body of a request.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = <axum::Json<T> as FromRequest<S>>::from_request(request, state);
        match timeout(LONGEST, body).await {
            Ok(Ok(axum::Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(refuse(&rejection)),
            Err(_) => Err(sofie_app::Error::TooSlow.into()),
        }
    }
}

/// A body that may be left out.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        type Body<T> = axum::Json<T>;
        let body = <Body<T> as OptionalFromRequest<S>>::from_request(request, state);
        match timeout(LONGEST, body).await {
            Ok(Ok(value)) => Ok(value.map(|axum::Json(value)| Self(value))),
            Ok(Err(rejection)) => Err(refuse(&rejection)),
            Err(_) => Err(sofie_app::Error::TooSlow.into()),
        }
    }
}

fn refuse(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::unsupported_media_type(),
        JsonRejection::JsonDataError(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            Code::Invalid,
            "The body does not have the fields that this call takes.",
        ),
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            sofie_app::Error::TooLarge.into()
        }
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            Code::Invalid,
            "The body is not readable JSON.",
        ),
    }
}

/// The variable segments of the path; what can't be read names nothing.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::from_request_parts(parts, state).await;
        found
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| sofie_app::Error::NotFound.into())
    }
}

/// The query string.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Query::from_request_parts(parts, state).await;
        found
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|_| {
                Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    Code::Invalid,
                    "The query string does not have the fields that this call takes.",
                )
            })
    }
}
