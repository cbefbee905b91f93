//! Requests for files.

use chrono::{DateTime, Utc};

use crate::{EmailAddress, Note, PackageId, RequestId, Title, UserId, words::words};

/// A user asks somebody outside to upload a package.
#[derive(Clone, Debug)]
pub struct Request {
    /// Identifies the request.
    pub id: RequestId,
    /// Who asks; the recipient of what comes.
    pub user_id: UserId,
    /// Who is asked.
    pub email: EmailAddress,
    /// Title, shown to the one who is asked.
    pub title: Title,
    /// Note, shown to the one who is asked.
    pub note: Note,
    /// Whether an upload password was set.
    pub has_password: bool,
    /// When the request was made.
    pub created_at: DateTime<Utc>,
    /// From when on the link no longer works.
    pub expires_at: DateTime<Utc>,
    /// When the requester took it back.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The package that answers the request, once one was begun.
    pub package_id: Option<PackageId>,
    /// When that package was sent.
    pub fulfilled_at: Option<DateTime<Utc>>,
}

words! {
    /// Where a request stands.
    RequestState {
        /// Nothing came yet.
        Open = "open",
        /// Files are arriving.
        Uploading = "uploading",
        /// The package was sent.
        Fulfilled = "fulfilled",
        /// Nothing came in time.
        Expired = "expired",
        /// The requester took it back.
        Cancelled = "cancelled",
    }
}

impl Request {
    /// Returns where the request stands at `now`.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> RequestState {
        if self.fulfilled_at.is_some() {
            RequestState::Fulfilled
        } else if self.cancelled_at.is_some() {
            RequestState::Cancelled
        } else if now >= self.expires_at {
            RequestState::Expired
        } else if self.package_id.is_some() {
            RequestState::Uploading
        } else {
            RequestState::Open
        }
    }

    /// Tells whether somebody may upload in answer to the request.
    #[must_use]
    pub fn accepts_uploads(&self, now: DateTime<Utc>) -> bool {
        matches!(
            self.state(now),
            RequestState::Open | RequestState::Uploading
        )
    }
}
