//! Who asks, from where, when.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sofie_domain::{Actor, AdministratorPermission, UserId, UserPermission, VisitorId};

use crate::{Error, Result};

/// The circumstances of one call or job, handed down to every use case.
#[derive(Clone, Debug)]
pub struct Context {
    /// On whose behalf.
    pub actor: Actor,
    /// What a user may do; empty for others.
    pub user_permissions: Vec<UserPermission>,
    /// What an administrator may do; empty for others.
    pub administrator_permissions: Vec<AdministratorPermission>,
    /// When the caller last gave the password in the session of this call; none without a session.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// The browser that showed a visitor's cookie, also when its user is logged in: links opened in it count.
    pub visitor: Option<VisitorId>,
    /// What that browser proved before this counts no more.
    pub proofs_since: DateTime<Utc>,
    /// The caller's address, as the trusted proxy or the socket tells it.
    pub ip: Option<IpAddr>,
    /// What the caller's program calls itself, cut to 200 characters.
    pub user_agent: Option<String>,
    /// Identifies the request in logs, audit entries and the jobs that follow.
    pub request_id: Option<String>,
    /// The time of the call.
    pub now: DateTime<Utc>,
}

impl Context {
    /// Returns the circumstances of the system's own work.
    #[must_use]
    pub fn system(now: DateTime<Utc>) -> Self {
        Self {
            actor: Actor::System,
            ..Self::anonymous(now)
        }
    }

    /// Returns the circumstances of a call by nobody known.
    #[must_use]
    pub fn anonymous(now: DateTime<Utc>) -> Self {
        Self {
            actor: Actor::Anonymous,
            user_permissions: Vec::new(),
            administrator_permissions: Vec::new(),
            authenticated_at: None,
            visitor: None,
            proofs_since: now,
            ip: None,
            user_agent: None,
            request_id: None,
            now,
        }
    }

    /// Returns the user who asks.
    pub fn user(&self) -> Result<UserId> {
        match &self.actor {
            Actor::User { id, .. } => Ok(*id),
            _ => Err(Error::Unauthenticated),
        }
    }

    /// Returns the user who asks, if that user has a permission.
    pub fn user_who_may(&self, permission: UserPermission) -> Result<UserId> {
        let id = self.user()?;
        if self.user_permissions.contains(&permission) {
            Ok(id)
        } else {
            Err(Error::Forbidden)
        }
    }

    /// Demands an administrator with a permission, or the system itself at its command line.
    pub fn may_administrate(&self, permission: AdministratorPermission) -> Result<()> {
        match self.actor {
            Actor::System => Ok(()),
            _ => self.administrator_who_may(permission),
        }
    }

    /// Demands an administrator with a permission.
    pub fn administrator_who_may(&self, permission: AdministratorPermission) -> Result<()> {
        match &self.actor {
            Actor::Administrator { .. } if self.administrator_permissions.contains(&permission) => {
                Ok(())
            }
            Actor::Administrator { .. } => Err(Error::Forbidden),
            _ => Err(Error::Unauthenticated),
        }
    }
}
