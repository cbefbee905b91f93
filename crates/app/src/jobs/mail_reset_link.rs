//! Mails the link that sets a new password, to whoever forgot the old one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sofie_domain::{AccountState, UserId};
use sofie_queue::{Done, Job, JobError, Run};
use sofie_store::users;

use super::queues;
use crate::{App, Context, Result, passwords};

/// Mails a link; does nothing when nobody is behind the address that was given. That is written as a job
/// all the same, so that asking takes equally long.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MailResetLink {
    /// Who forgot the password.
    pub user_id: Option<UserId>,
}

impl Job for MailResetLink {
    const NAME: &'static str = "mail_reset_link";
    const QUEUE: &'static str = queues::MAIL;
    const MAX_ATTEMPTS: u32 = 20;
    const TIMEOUT: Duration = Duration::from_secs(30);
    type Context = App;

    async fn run(&self, app: &App, _: &Run) -> std::result::Result<Done, JobError> {
        mail(app, self.user_id).await.map_err(JobError::retry)?;
        Ok(Done::Complete)
    }
}

/// Run twice it mails twice; the second mail's link is then the one that works.
async fn mail(app: &App, user: Option<UserId>) -> Result<()> {
    let Some(user) = user else {
        return Ok(());
    };
    let ctx = Context::system(app.now());
    let mut tx = app.db().begin().await?;
    let user = users::find(&mut tx, user).await?;
    let Some(user) = user.filter(|user| user.state != AccountState::Disabled) else {
        return Ok(());
    };
    passwords::mail_link(app, &mut tx, &ctx, &user).await?;
    tx.commit().await?;
    app.parts().waker.wake(queues::MAIL);
    Ok(())
}
