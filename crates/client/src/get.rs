//! `sofie get`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Method, Response, StatusCode,
    header::{ETAG, IF_RANGE, RANGE},
};
use serde::Serialize;

use crate::{
    Error, Phase, Progress, Result,
    backoff::Backoff,
    http::{Api, Server},
    links::Link,
    names,
    part::Part,
    place::{self, Place, Target},
    state::StateFile,
    visit::{Visited, Visiting},
    wire,
};

/// A connection that brings nothing for so long is given up for a new one.
const QUIET: Duration = Duration::from_mins(1);

/// What to fetch, and where to.
#[derive(Clone)]
pub struct GetOptions {
    /// The link from the mail.
    pub link: String,
    /// The code from the second mail.
    pub code: Option<String>,
    /// The package's password.
    pub password: Option<String>,
    /// An API token, for internal packages.
    pub token: Option<String>,
    /// The folder to fetch into.
    pub dir: PathBuf,
    /// Whether files of the same names are replaced.
    pub force: bool,
    /// Where to remember who we are between the call that has the code mailed and the one that brings it.
    pub state_dir: PathBuf,
}

impl std::fmt::Debug for GetOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GetOptions")
            .field("dir", &self.dir)
            .field("force", &self.force)
            .finish_non_exhaustive()
    }
}

/// What was fetched.
#[derive(Clone, Debug, Serialize)]
pub struct Fetched {
    /// The files that are here now.
    pub files: Vec<FetchedFile>,
    /// The names of files that are held back.
    pub withheld: Vec<String>,
}

impl Fetched {
    /// Returns the exit code for scripts: 0, or 3 when files are held back.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.withheld.is_empty() { 0 } else { 3 }
    }
}

/// One file that was fetched.
#[derive(Clone, Debug, Serialize)]
pub struct FetchedFile {
    /// Its name in the package.
    pub name: String,
    /// Where it is now.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: Option<String>,
}

/// Fetches what may be fetched of a package. A run that was interrupted is gone on with by the next.
pub async fn get(options: &GetOptions, progress: Arc<dyn Progress>) -> Result<Fetched> {
    let link = Link::parse(&options.link)?;
    let server = Server::from_url(link.server.clone(), options.token.as_deref())?;
    let api = Api::new(&server)?;
    let mut state = StateFile::open(&options.state_dir, "get", &options.link.trim())?;
    let mut visited: Visited = state.load().unwrap_or_default();
    let mut visiting = Visiting {
        api: &api,
        state: &mut state,
        visited: &mut visited,
    };
    let package = visiting.enter(&link, options, &*progress).await?;

    let place = Place::open(&options.dir)?;
    let dir = std::fs::canonicalize(&options.dir).map_err(Error::file("open", &options.dir))?;
    if Path::new(&visited.dir) != dir {
        visited.dir = dir.to_string_lossy().into_owned();
        visited.parts.clear();
        visited.done.clear();
    }
    let mut fetching = Fetching {
        api,
        package: package.id.to_string(),
        state,
        visited,
        force: options.force,
        progress,
    };
    let fetched = fetching.all(package.files, &place).await?;
    fetching.visited.parts.clear();
    fetching.visited.done.clear();
    fetching.state.save(&fetching.visited)?;
    Ok(fetched)
}

struct Fetching {
    api: Api,
    package: String,
    state: StateFile,
    visited: Visited,
    force: bool,
    progress: Arc<dyn Progress>,
}

impl Fetching {
    async fn all(&mut self, files: Vec<wire::File>, place: &Place) -> Result<Fetched> {
        let (files, withheld): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.deliverable);
        for file in &withheld {
            let why = file
                .withheld
                .as_deref()
                .unwrap_or("withheld")
                .replace('_', " ");
            self.progress.note(&format!(
                "{} is held back: {why}",
                names::printable(&file.path)
            ));
        }
        let placed = distinct(files);
        let taken = placed
            .iter()
            .find(|(file, parts)| place.has(parts) && !self.visited.done.contains(&file.id));
        if let Some((_, parts)) = taken
            && !self.force
        {
            return Err(place::exists(&place.shown(parts)));
        }
        self.progress.begin(
            Phase::Fetching,
            placed.iter().map(|(file, _)| file.size).sum(),
        );
        let mut fetched = Vec::new();
        for (file, parts) in placed {
            let target = place.target(&parts)?;
            self.one(&file, &target).await?;
            fetched.push(FetchedFile {
                name: file.path,
                path: target.path,
                size: file.size,
                sha256: file.sha256,
            });
        }
        self.progress.end();
        Ok(Fetched {
            files: fetched,
            withheld: withheld.into_iter().map(|file| file.path).collect(),
        })
    }

    async fn one(&mut self, file: &wire::File, target: &Target) -> Result<()> {
        if self.visited.done.contains(&file.id)
            && target.finished_len().is_ok_and(|len| len == file.size)
        {
            self.count(file.size);
            return Ok(());
        }
        let mut part = Part::open(
            target,
            self.visited
                .parts
                .get(&file.id)
                .is_some_and(|etag| !etag.is_empty()),
        )?;
        if part.len > file.size {
            part.restart()?;
        }
        self.count(part.len);
        let mut backoff = Backoff::new();
        while part.len < file.size || file.size == 0 && !part.asked {
            let before = part.len;
            let Err(error) = self.stream(file, &mut part).await else {
                continue;
            };
            if part.len > before {
                backoff.reset();
            }
            backoff.wait(error, &*self.progress).await?;
        }
        let digest = part.digest();
        if file
            .sha256
            .as_ref()
            .is_some_and(|wanted| !wanted.eq_ignore_ascii_case(&digest))
            || part.len != file.size
        {
            target.discard();
            return Err(Error::BadFile {
                path: target.path.clone(),
                why: "what arrived is not what was sent (SHA-256)",
            });
        }
        part.sync()?;
        target.finish(self.force)?;
        self.visited.parts.remove(&file.id);
        self.visited.done.push(file.id);
        self.state.save(&self.visited)
    }

    /// Fetches what is missing of a file, as far as the connection lasts.
    async fn stream(&mut self, file: &wire::File, part: &mut Part) -> Result<()> {
        let id = file.id.to_string();
        let mut request = self.api.request(
            Method::GET,
            &["packages", &self.package, "files", &id, "content"],
        );
        if let (true, Some(etag)) = (part.len > 0, self.visited.parts.get(&file.id)) {
            request = request
                .header(RANGE, format!("bytes={}-", part.len))
                .header(IF_RANGE, etag);
        }
        let mut response = tokio::time::timeout(QUIET, self.api.send(request))
            .await
            .map_err(|_| Error::Stalled)??;
        part.asked = true;
        if response.status() != StatusCode::PARTIAL_CONTENT && part.len > 0 {
            self.progress.advance(-i64::try_from(part.len).unwrap_or(0));
            part.restart()?;
        }
        self.remember(file, &response)?;
        while let Some(chunk) = tokio::time::timeout(QUIET, response.chunk())
            .await
            .map_err(|_| Error::Stalled)?
            .map_err(Error::Unreachable)?
        {
            part.write(&chunk)?;
            self.count(chunk.len() as u64);
        }
        if part.len < file.size {
            Err(Error::Stalled)
        } else {
            Ok(())
        }
    }

    fn remember(&mut self, file: &wire::File, response: &Response) -> Result<()> {
        let etag = response
            .headers()
            .get(ETAG)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        if self
            .visited
            .parts
            .get(&file.id)
            .is_some_and(|known| known == etag)
        {
            return Ok(());
        }
        self.visited.parts.insert(file.id, etag.to_owned());
        self.state.save(&self.visited)
    }

    fn count(&self, bytes: u64) {
        self.progress.advance(i64::try_from(bytes).unwrap_or(0));
    }
}

/// Gives each file a path of its own: made safe, two names can become one.
fn distinct(files: Vec<wire::File>) -> Vec<(wire::File, Vec<String>)> {
    let mut taken = BTreeSet::new();
    let mut placed = Vec::new();
    for file in files {
        let parts = names::safe_parts(&file.path);
        let mut own = parts.clone();
        let mut number = 2;
        while !taken.insert(own.join("/").to_lowercase()) {
            own.clone_from(&parts);
            if let Some(last) = own.last_mut() {
                *last = names::numbered(last, number);
            }
            number += 1;
        }
        placed.push((file, own));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_that_become_one_are_told_apart() {
        let file = |path: &str| -> wire::File {
            serde_json::from_value(serde_json::json!({
                "id": "01890000-0000-7000-8000-000000000001", "path": path, "size": 0, "complete": true, "sha256": null,
                "check": "clean", "deliverable": true, "withheld": null,
            }))
            .unwrap()
        };
        let placed = distinct(vec![
            file("a/x.txt"),
            file("a/\u{200B}x.txt"),
            file("A/X.TXT"),
            file("b"),
        ]);
        let paths: Vec<String> = placed
            .into_iter()
            .map(|(_, parts)| parts.join("/"))
            .collect();
        assert_eq!(paths, ["a/x.txt", "a/x (2).txt", "A/X (3).TXT", "b"]);
    }
}
