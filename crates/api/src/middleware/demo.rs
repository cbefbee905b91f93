//! Calls that bring something new are refused while the licence does not hold.

use axum::{
    extract::{MatchedPath, Request, State as Extracted},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sofie_app::Error;

use crate::{Problem, State, access::goes_on_in_demo};

/// Lets a call pass that changes nothing or goes on in demo mode, and any other one while there is no such mode.
pub async fn demo(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let goes_on = route.is_none_or(|route| goes_on_in_demo(request.method(), route.as_str()));
    if goes_on {
        return next.run(request).await;
    }
    match state.app.licence().await {
        Ok(licence) if !licence.standing.is_demo() => next.run(request).await,
        Ok(_) => Problem::from(Error::Refused("demo_mode")).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}
