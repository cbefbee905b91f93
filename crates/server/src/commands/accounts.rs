//! `sofie admin add`, `sofie user add`, `sofie token create`: by the person at the machine, past every login.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use secrecy::SecretString;
use sofie_app::{administrators, tokens, users};

use super::password;
use super::room::{Room, refused};
use crate::ground::Site;

/// What is needed to make an account.
#[derive(Debug)]
pub struct NewAccount {
    pub email: String,
    pub name: Option<String>,
    pub password: SecretString,
}

impl NewAccount {
    /// Reads the password: the first line of the file, or of the standard input for `-`.
    pub fn read(email: String, name: Option<String>, password_file: &Path) -> Result<Self> {
        let password = password::read(password_file)?;
        Ok(Self {
            email,
            name,
            password,
        })
    }

    /// The name that was given, else what stands before the @.
    fn name(&self) -> String {
        let local = self.email.split('@').next().unwrap_or_default();
        self.name.clone().unwrap_or_else(|| local.to_owned())
    }
}

pub async fn add_administrator(site: Site, new: NewAccount) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let name = new.name();
        let NewAccount {
            email, password, ..
        } = new;
        let new = administrators::NewAdministrator {
            email,
            name,
            password,
            permissions: None,
        };
        let made = administrators::create(&room.app, &room.ctx, new)
            .await
            .map_err(refused)?;
        println!("administrator {} made", made.email);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn add_user(site: Site, new: NewAccount) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let name = new.name();
        let NewAccount {
            email, password, ..
        } = new;
        let new = users::NewUser {
            email,
            name,
            password: Some(password),
            permissions: None,
        };
        let made = users::create(&room.app, &room.ctx, new)
            .await
            .map_err(refused)?;
        println!("user {} made", made.email);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

pub async fn create_token(site: Site, user: String, name: String) -> Result<ExitCode> {
    Room::within(site, async |room| {
        let new = tokens::NewToken {
            name,
            expires_in_days: None,
        };
        let made = tokens::create_for(&room.app, &room.ctx, &user, &new).await;
        let (_, secret) = made.map_err(|error| match error {
            sofie_app::Error::NotFound => anyhow!("there is no user {user}"),
            other => refused(other),
        })?;
        println!("{}", secret.expose());
        Ok(ExitCode::SUCCESS)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_password_is_the_first_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        for (text, password) in [
            ("correct horse", "correct horse"),
            (" a b \r\nsecond\n", " a b "),
        ] {
            fs::write(&file, text).unwrap();
            let new = NewAccount::read("eva@example.org".to_owned(), None, &file).unwrap();
            assert_eq!(new.password.expose_secret(), password);
            assert_eq!(new.name(), "eva");
        }
        fs::write(&file, "\n").unwrap();
        assert!(NewAccount::read(String::new(), None, &file).is_err());
        assert!(NewAccount::read(String::new(), None, Path::new("/no/such/file")).is_err());
    }
}
