//! From a link to a package whose files may be fetched.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Error, GetOptions, Progress, Result,
    http::Api,
    links::Link,
    state::StateFile,
    wire::{Package, Visit},
};

/// What one run leaves for the next: who we are to the server, and how far the files are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Visited {
    cookies: BTreeMap<String, String>,
    visit: Option<Uuid>,
    /// The folder that the files below are fetched into.
    #[serde(default)]
    pub dir: String,
    /// Entity tags of files that are partly here.
    #[serde(default)]
    pub parts: BTreeMap<Uuid, String>,
    /// Files that are here, while others are not.
    #[serde(default)]
    pub done: Vec<Uuid>,
}

/// A visit under way.
pub(crate) struct Visiting<'a> {
    pub api: &'a Api,
    pub state: &'a mut StateFile,
    pub visited: &'a mut Visited,
}

impl Visiting<'_> {
    /// Goes through the door: proves the address, gives the password, spends an access. Each proof is tried once.
    pub async fn enter(
        &mut self,
        link: &Link,
        options: &GetOptions,
        progress: &dyn Progress,
    ) -> Result<Package> {
        let mut visit = self.open(link).await?;
        if visit.kind != "package" {
            return Err(Error::Usage(
                "this link asks for files; open it in a browser".to_owned(),
            ));
        }
        let mut code = options.code.as_deref();
        let mut password = options.password.as_deref();
        loop {
            visit = match visit.step.as_str() {
                "code" => match code.take().filter(|_| visit.code_sent_at.is_some()) {
                    Some(code) => self.step(&visit, "verify", Some(("code", code))).await?,
                    None => return Err(self.ask_for_code(&visit, options).await?),
                },
                "password" => match password.take() {
                    Some(password) => {
                        self.step(&visit, "password", Some(("password", password)))
                            .await?
                    }
                    None => {
                        return Err(Error::ProofNeeded(
                            "a password is needed: --password".to_owned(),
                        ));
                    }
                },
                "confirm_access" => {
                    progress.note("this counts as one of the accesses that the sender allows");
                    self.step(&visit, "access", None).await?
                }
                "login" => {
                    return Err(Error::ProofNeeded(
                        "only users of this server can open the link: --token".to_owned(),
                    ));
                }
                "waiting" => return Err(Error::NotReady),
                "ready" => {
                    return visit
                        .package
                        .ok_or_else(|| Error::Strange("no package".to_owned()));
                }
                other => return Err(Error::Strange(format!("the step {other}"))),
            };
        }
    }

    /// Finds the visit of an earlier run, or begins one.
    async fn open(&mut self, link: &Link) -> Result<Visit> {
        if let Some(id) = self.visited.visit {
            self.api.set_cookies(self.visited.cookies.clone());
            let found = self
                .api
                .json(self.api.request(Method::GET, &["visits", &id.to_string()]))
                .await;
            match found {
                Ok(visit) => return Ok(visit),
                // The browser that we were is forgotten.
                Err(Error::NotFound | Error::Refused(_)) => self.api.set_cookies(BTreeMap::new()),
                Err(error) => return Err(error),
            }
        }
        let body = serde_json::json!({ "secret": link.secret });
        let visit: Visit = self
            .api
            .json(
                self.api
                    .request(Method::POST, &["links", "open"])
                    .json(&body),
            )
            .await?;
        self.visited.visit = Some(visit.id);
        self.save()?;
        Ok(visit)
    }

    async fn step(
        &mut self,
        visit: &Visit,
        step: &str,
        proof: Option<(&str, &str)>,
    ) -> Result<Visit> {
        let mut request = self
            .api
            .request(Method::POST, &["visits", &visit.id.to_string(), step]);
        if let Some(proof) = proof {
            request = request.json(&BTreeMap::from([proof]));
        }
        let next = self.api.json(request).await;
        self.save()?;
        next
    }

    async fn ask_for_code(&mut self, visit: &Visit, options: &GetOptions) -> Result<Error> {
        let visit = self.step(visit, "code", None).await?;
        let to = visit.masked_email.as_deref().unwrap_or("the recipient");
        let why = if options.code.is_some() {
            "the code does not belong to this computer; a new one"
        } else {
            "a code"
        };
        Ok(Error::ProofNeeded(format!(
            "{why} was mailed to {to}; run the command again with --code CODE"
        )))
    }

    fn save(&mut self) -> Result<()> {
        self.visited.cookies = self.api.cookies();
        self.state.save(self.visited)
    }
}
