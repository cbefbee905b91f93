//! Who calls: the extractor that every handler takes.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use sofie_app::sessions::{self, Credentials, Source};

use crate::{Problem, State, arrival::Arrival, cookies};

/// The app and the circumstances of the call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The collaborators.
    pub app: sofie_app::App,
    /// Who calls, from where, when.
    pub ctx: sofie_app::Context,
    credentials: Credentials,
    source: Source,
}

impl Caller {
    /// Finds out who calls now, for answers that last long; none when that is somebody else by now, such as
    /// nobody because the session has ended. It does not keep the session from falling idle.
    pub async fn again(&self) -> Option<Self> {
        let (credentials, source) = (&self.credentials, self.source.clone());
        let ctx = sessions::identify_again(&self.app, credentials, source).await;
        let ctx = ctx.ok().filter(|ctx| ctx.actor == self.ctx.actor)?;
        Some(Self {
            ctx,
            ..self.clone()
        })
    }
}

impl Caller {
    /// Finds out who calls after something was proved in this call, such as a guest's address.
    pub(crate) async fn anew(&self) -> Result<Self, Problem> {
        let ctx = sessions::identify(&self.app, &self.credentials, self.source.clone()).await?;
        Ok(Self {
            ctx,
            ..self.clone()
        })
    }
}

/// Whoever calls, as the request says it and nobody has looked up yet: for a use case that looks itself.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub app: sofie_app::App,
    pub credentials: Credentials,
    pub source: Source,
}

impl FromRequestParts<State> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let arrival = parts.extensions.get::<Arrival>().ok_or_else(|| {
            Problem::from(sofie_app::Error::internal("the outermost layer is missing"))
        })?;
        Ok(Self {
            app: state.app.clone(),
            credentials: credentials(&parts.headers, arrival.administration),
            source: arrival.source.clone(),
        })
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, state).await?;
        let (app, credentials, source) = (asker.app, asker.credentials, asker.source);
        let ctx = sessions::identify(&app, &credentials, source.clone()).await?;
        Ok(Self {
            app,
            ctx,
            credentials,
            source,
        })
    }
}

/// A token alone says which user calls; what was opened in the program that has it counts beside it. The two kinds of accounts never mix: below `/api/v1/admin` only the
/// administrator's cookie counts, elsewhere never.
fn credentials(headers: &HeaderMap, administration: bool) -> Credentials {
    if let Some(token) = bearer(headers) {
        return Credentials {
            bearer: Some(token.to_owned()),
            visitor: cookies::find(headers, cookies::VISITOR).filter(|_| !administration),
            ..Credentials::default()
        };
    }
    if administration {
        return Credentials {
            administrator: cookies::find(headers, cookies::ADMINISTRATOR),
            ..Credentials::default()
        };
    }
    Credentials {
        user: cookies::find(headers, cookies::USER),
        visitor: cookies::find(headers, cookies::VISITOR),
        ..Credentials::default()
    }
}

/// Returns the bearer token of a request (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
