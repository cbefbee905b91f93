//! `sofie send` and `sofie status`.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    Error, Outcome, PackageType, Phase, Progress, Result,
    backoff::Backoff,
    http::{Api, Server},
    sources::{self, Source},
    state::StateFile,
    upload::Uploads,
    wire::{NewPackage, Package},
};

const FIRST_LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// What to send, to whom.
#[derive(Clone)]
pub struct SendOptions {
    /// The server, with a token.
    pub server: Server,
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Addresses; a private package needs one.
    pub recipients: Vec<String>,
    /// Title.
    pub title: Option<String>,
    /// Note.
    pub note: Option<String>,
    /// A password that whoever fetches must know.
    pub password: Option<String>,
    /// For how many days it can be fetched; otherwise the server decides.
    pub expires_in_days: Option<u32>,
    /// Who may fetch it; otherwise the server decides.
    pub kind: Option<PackageType>,
    /// Whether to return only when the verdict is final.
    pub wait: bool,
    /// Where to remember what was sent, so that the next run of the same command goes on.
    pub state_dir: PathBuf,
}

impl std::fmt::Debug for SendOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendOptions")
            .field("server", &self.server)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

/// Parses a duration in days, such as `14d` or `14`.
pub fn parse_days(text: &str) -> Result<u32> {
    let number = text.strip_suffix(['d', 'D']).unwrap_or(text);
    match number.parse() {
        Ok(days) if days > 0 => Ok(days),
        _ => Err(Error::Usage(format!(
            "{text} is not a number of days, such as 14d"
        ))),
    }
}

/// What one run leaves for the next: the draft, and which uploads were begun in it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Begun {
    package: Uuid,
    uploads: BTreeMap<String, Uuid>,
}

/// The draft that is being filled, kept on disk.
#[derive(Debug)]
pub(crate) struct Draft {
    package: Uuid,
    /// Uploads by the name of their file.
    pub uploads: BTreeMap<String, Uuid>,
    /// Whether an earlier run began it.
    pub resumed: bool,
    state: StateFile,
}

impl Draft {
    /// Notes the upload of a file.
    pub fn remember(&mut self, name: &str, upload: Uuid) -> Result<()> {
        self.uploads.insert(name.to_owned(), upload);
        self.save()
    }

    fn save(&mut self) -> Result<()> {
        self.state.save(&Begun {
            package: self.package,
            uploads: self.uploads.clone(),
        })
    }
}

/// Sends files as one package; a second run of a command that was interrupted goes on with the same package.
///
/// A draft that can never be sent is removed from the server. One that only the network kept from being sent stays.
pub async fn send(options: &SendOptions, progress: Arc<dyn Progress>) -> Result<Outcome> {
    let link_only = matches!(
        options.kind,
        Some(PackageType::Public | PackageType::Internal)
    );
    if options.recipients.is_empty() && !link_only {
        return Err(Error::Usage("say to whom: --to ADDRESS".to_owned()));
    }
    let sources = sources::collect(&options.paths, &*progress)?;
    let api = Arc::new(Api::new(&options.server)?);
    let (mut package, draft) = begin(&api, options, &sources, &*progress).await?;
    let id = package.id.to_string();
    let uploads = Uploads {
        api: Arc::clone(&api),
        draft: Mutex::new(draft),
        package: package.id,
        progress,
    };
    let progress = &*uploads.progress;
    if !is_sent(&package) {
        progress.begin(
            Phase::Sending,
            sources.iter().map(|source| source.size).sum(),
        );
        let done = async {
            uploads.run(&sources).await?;
            hand_over(&api, &id, progress).await
        };
        let done = done.await;
        progress.end();
        package = match done {
            Ok(package) => package,
            Err(error) => {
                if !error.is_passing() {
                    // Whether it can be removed or not, the first error is the one to tell.
                    let _ = api.delete(&["packages", &id]).await;
                    uploads.draft.lock().await.state.remove();
                }
                return Err(error);
            }
        };
    }
    uploads.draft.lock().await.state.remove();
    if options.wait {
        package = wait(&api, package, progress).await?;
    }
    Ok(Outcome::new(package))
}

/// Returns what became of a package.
pub async fn status(server: &Server, id: &str) -> Result<Outcome> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let api = Api::new(server)?;
    let package: Package = api
        .json(api.request(Method::GET, &["packages", &id.to_string()]))
        .await?;
    Ok(Outcome::new(package))
}

fn is_sent(package: &Package) -> bool {
    package.send_requested || !matches!(package.life.as_str(), "requested" | "uploading")
}

/// Finds the draft of an earlier run, or makes a new one.
async fn begin(
    api: &Api,
    options: &SendOptions,
    sources: &[Source],
    progress: &dyn Progress,
) -> Result<(Package, Draft)> {
    // All that makes it this package and not another, but not its password, which no hash of a file name may tell.
    let about = (
        options.server.address(),
        sources,
        &options.recipients,
        (
            &options.title,
            &options.note,
            options.expires_in_days,
            options.kind,
        ),
    );
    let mut state = StateFile::open(&options.state_dir, "send", &about)?;
    if let Some(begun) = state.load::<Begun>() {
        let id = begun.package.to_string();
        let found = patient(progress, || {
            api.json::<Package>(api.request(Method::GET, &["packages", &id]))
        });
        match found.await {
            Ok(package)
                if !matches!(package.life.as_str(), "deleted" | "archived" | "shredded") =>
            {
                let draft = Draft {
                    package: package.id,
                    uploads: begun.uploads,
                    resumed: true,
                    state,
                };
                return Ok((package, draft));
            }
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let new = NewPackage {
        kind: options.kind,
        title: options.title.as_deref(),
        note: options.note.as_deref(),
        recipients: &options.recipients,
        password: options.password.as_deref(),
        expires_in_days: options.expires_in_days,
    };
    // Asked once more only when the server says that it did nothing: a lost answer may be that of a draft.
    let package: Package = patient(progress, || {
        api.json(api.request(Method::POST, &["packages"]).json(&new))
    })
    .await?;
    let mut draft = Draft {
        package: package.id,
        uploads: BTreeMap::new(),
        resumed: false,
        state,
    };
    draft.save()?;
    Ok((package, draft))
}

/// Asks again, as long after as the server says, while it answers that it can't do it now. One that is not there is told
/// at once.
async fn patient<T, F>(progress: &dyn Progress, ask: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut backoff = Backoff::new();
    loop {
        match ask().await {
            Err(error) if error.is_undone() => backoff.wait(error, progress).await?,
            ended => return ended,
        }
    }
}

/// Says *send*. When the answer is lost, the package itself tells whether it was heard.
async fn hand_over(api: &Api, id: &str, progress: &dyn Progress) -> Result<Package> {
    let mut backoff = Backoff::new();
    loop {
        let error = match api
            .json(api.request(Method::POST, &["packages", id, "send"]))
            .await
        {
            Ok(package) => return Ok(package),
            Err(error) => error,
        };
        backoff.wait(error, progress).await?;
        let package: Package = api.read(&["packages", id], progress).await?;
        if is_sent(&package) {
            return Ok(package);
        }
    }
}

async fn wait(api: &Api, mut package: Package, progress: &dyn Progress) -> Result<Package> {
    let checked = |package: &Package| {
        package
            .files
            .iter()
            .filter(|file| file.check != "pending")
            .count()
    };
    let mut pause = FIRST_LOOK;
    let mut done = checked(&package);
    progress.begin(Phase::Checking, package.files.len() as u64);
    progress.advance(i64::try_from(done).unwrap_or(0));
    while !Outcome::new(package.clone()).is_final() {
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_LOOK);
        package = api
            .read(&["packages", &package.id.to_string()], progress)
            .await?;
        let now = checked(&package);
        progress.advance(i64::try_from(now).unwrap_or(0) - i64::try_from(done).unwrap_or(0));
        done = now;
    }
    progress.end();
    Ok(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_understood() {
        assert_eq!(parse_days("14d").unwrap(), 14);
        assert_eq!(parse_days("7").unwrap(), 7);
        for wrong in ["", "d", "0d", "-1d", "2w", "1.5d", "99999999999d"] {
            assert_eq!(parse_days(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_package_for_nobody_is_refused_before_anything_is_asked() {
        let options = SendOptions {
            server: Server::new("http://127.0.0.1:9", None).unwrap(),
            paths: vec!["Cargo.toml".into()],
            recipients: Vec::new(),
            title: None,
            note: None,
            password: None,
            expires_in_days: None,
            kind: None,
            wait: false,
            state_dir: "/nonexistent/state".into(),
        };
        let error = send(&options, Arc::new(crate::Silent)).await.unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    /// A server of so many words, each on a connection of its own; returns what it was asked.
    async fn scripted(answers: Vec<String>) -> (Server, tokio::task::JoinHandle<Vec<String>>) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap();
                let line = String::from_utf8_lossy(&head[..read]);
                asked.push(line.lines().next().unwrap_or_default().to_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        });
        (Server::new(&url, Some("t")).unwrap(), task)
    }

    #[tokio::test]
    async fn a_server_that_can_not_do_it_now_is_asked_again_when_it_says() {
        let busy =
            "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let refused = "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (server, asked) = scripted(vec![busy.to_owned(), refused.to_owned()]).await;
        let temp = tempfile::tempdir().unwrap();
        let options = SendOptions {
            server,
            paths: vec!["Cargo.toml".into()],
            recipients: vec!["x@example.net".to_owned()],
            title: None,
            note: None,
            password: None,
            expires_in_days: None,
            kind: None,
            wait: false,
            state_dir: temp.path().to_owned(),
        };
        let begun = std::time::Instant::now();
        let error = send(&options, Arc::new(crate::Silent)).await.unwrap_err();
        assert_eq!(error.exit_code(), 6, "the second answer counts: {error}");
        assert!(
            begun.elapsed() >= Duration::from_secs(1),
            "as long as it said"
        );
        assert_eq!(asked.await.unwrap(), ["POST /api/v1/packages HTTP/1.1"; 2]);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_at_once() {
        let server = Server::new("http://127.0.0.1:9", None).unwrap();
        let id = "01890000-0000-7000-8000-000000000000";
        assert_eq!(status(&server, id).await.unwrap_err().exit_code(), 5);
        assert_eq!(status(&server, "../x").await.unwrap_err().exit_code(), 8);
    }
}
