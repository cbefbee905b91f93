//! Who may call which route: the table that tests compare with the router and try out whole.
//!
//! It says which kinds of callers get past the door at all. Permissions and the relation to a package narrow
//! this further; both are decided in `sofie-app`, never here.

mod demo;

pub use demo::goes_on_in_demo;

/// A kind of caller, by what it brings to prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing.
    Anonymous,
    /// The cookie of a browser without an account.
    Visitor,
    /// The cookie of a user's session.
    User,
    /// A user's API token.
    Token,
    /// The cookie of an administrator's session.
    Administrator,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Anonymous,
        Self::Visitor,
        Self::User,
        Self::Token,
        Self::Administrator,
    ];
}

/// Which callers a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Everybody; the route proves something itself, tells nothing, or says who one is.
    Open,
    /// Browsers that a link or a code let in, and users; only for what is theirs.
    Holders,
    /// Users and their tokens.
    Users,
    /// Users and their tokens; only for what is theirs.
    Owners,
    /// Users at a browser: what a stolen token must not do.
    Browsers,
    /// Users at a browser; only for what is theirs.
    OwnersAtBrowsers,
    /// Administrators.
    Administrators,
}

impl Gate {
    /// Tells whether the route is for a kind of caller.
    #[must_use]
    pub fn admits(self, kind: Kind) -> bool {
        match self {
            Self::Open => true,
            Self::Holders => matches!(kind, Kind::Visitor | Kind::User | Kind::Token),
            Self::Users | Self::Owners => matches!(kind, Kind::User | Kind::Token),
            Self::Browsers | Self::OwnersAtBrowsers => kind == Kind::User,
            Self::Administrators => kind == Kind::Administrator,
        }
    }

    /// Tells whether a caller of the right kind is still refused what belongs to another.
    #[must_use]
    pub fn of_own_things(self) -> bool {
        matches!(self, Self::Holders | Self::Owners | Self::OwnersAtBrowsers)
    }
}

/// Every route that the OpenAPI document describes.
pub const RULES: &[(&str, &str, Gate)] = &[
    ("GET", "/healthz", Gate::Open),
    ("GET", "/readyz", Gate::Open),
    // Only from the machine itself.
    ("GET", "/metrics", Gate::Open),
    ("GET", "/api/v1/connection", Gate::Open),
    ("GET", "/api/v1/session", Gate::Open),
    ("POST", "/api/v1/session", Gate::Open),
    ("DELETE", "/api/v1/session", Gate::Open),
    ("POST", "/api/v1/session/confirm", Gate::Browsers),
    ("POST", "/api/v1/password/forgot", Gate::Open),
    ("POST", "/api/v1/password/reset", Gate::Open),
    ("GET", "/api/v1/setup", Gate::Open),
    ("POST", "/api/v1/setup", Gate::Open),
    ("POST", "/api/v1/links/open", Gate::Open),
    ("POST", "/api/v1/guest/code", Gate::Open),
    ("POST", "/api/v1/guest/verify", Gate::Open),
    ("OPTIONS", "/api/v1/uploads", Gate::Open),
    ("GET", "/api/v1/sessions", Gate::Users),
    ("DELETE", "/api/v1/sessions/{id}", Gate::OwnersAtBrowsers),
    ("PATCH", "/api/v1/me", Gate::Users),
    ("POST", "/api/v1/password", Gate::Browsers),
    ("GET", "/api/v1/tokens", Gate::Users),
    ("POST", "/api/v1/tokens", Gate::Browsers),
    ("DELETE", "/api/v1/tokens/{id}", Gate::Owners),
    ("GET", "/api/v1/requests", Gate::Users),
    ("POST", "/api/v1/requests", Gate::Users),
    ("GET", "/api/v1/requests/{id}", Gate::Owners),
    ("DELETE", "/api/v1/requests/{id}", Gate::Owners),
    ("GET", "/api/v1/events", Gate::Users),
    ("GET", "/api/v1/approvals", Gate::Users),
    ("GET", "/api/v1/approvals/{id}", Gate::Owners),
    (
        "POST",
        "/api/v1/approvals/{id}/approve",
        Gate::OwnersAtBrowsers,
    ),
    (
        "POST",
        "/api/v1/approvals/{id}/reject",
        Gate::OwnersAtBrowsers,
    ),
    ("GET", "/api/v1/packages", Gate::Users),
    ("POST", "/api/v1/packages", Gate::Holders),
    ("GET", "/api/v1/packages/{id}", Gate::Holders),
    ("PATCH", "/api/v1/packages/{id}", Gate::Holders),
    ("DELETE", "/api/v1/packages/{id}", Gate::Holders),
    ("GET", "/api/v1/packages/{id}/events", Gate::Holders),
    (
        "DELETE",
        "/api/v1/packages/{id}/files/{file_id}",
        Gate::Holders,
    ),
    (
        "PUT",
        "/api/v1/packages/{id}/files/{file_id}",
        Gate::Holders,
    ),
    (
        "GET",
        "/api/v1/packages/{id}/files/{file_id}/content",
        Gate::Holders,
    ),
    ("GET", "/api/v1/packages/{id}/zip", Gate::Holders),
    ("POST", "/api/v1/packages/{id}/notify", Gate::Owners),
    ("POST", "/api/v1/packages/{id}/restore", Gate::Owners),
    ("POST", "/api/v1/packages/{id}/send", Gate::Holders),
    ("GET", "/api/v1/packages/{id}/tracking", Gate::Owners),
    ("POST", "/api/v1/packages/{id}/unlock", Gate::Holders),
    ("POST", "/api/v1/uploads", Gate::Holders),
    ("DELETE", "/api/v1/uploads/{file_id}", Gate::Holders),
    ("HEAD", "/api/v1/uploads/{file_id}", Gate::Holders),
    ("PATCH", "/api/v1/uploads/{file_id}", Gate::Holders),
    ("GET", "/api/v1/visits/{id}", Gate::Holders),
    ("POST", "/api/v1/visits/{id}/access", Gate::Holders),
    ("POST", "/api/v1/visits/{id}/code", Gate::Holders),
    ("POST", "/api/v1/visits/{id}/password", Gate::Holders),
    ("POST", "/api/v1/visits/{id}/verify", Gate::Holders),
    ("GET", "/api/v1/admin/session", Gate::Open),
    ("POST", "/api/v1/admin/session", Gate::Open),
    ("DELETE", "/api/v1/admin/session", Gate::Open),
    (
        "POST",
        "/api/v1/admin/session/confirm",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/sessions", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/sessions/{id}",
        Gate::Administrators,
    ),
    ("POST", "/api/v1/admin/password", Gate::Administrators),
    ("GET", "/api/v1/admin/administrators", Gate::Administrators),
    ("POST", "/api/v1/admin/administrators", Gate::Administrators),
    (
        "PATCH",
        "/api/v1/admin/administrators/{id}",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/audit", Gate::Administrators),
    ("GET", "/api/v1/admin/checks", Gate::Administrators),
    ("GET", "/api/v1/admin/dashboard", Gate::Administrators),
    ("GET", "/api/v1/admin/engines", Gate::Administrators),
    ("POST", "/api/v1/admin/engines", Gate::Administrators),
    ("GET", "/api/v1/admin/engines/kinds", Gate::Administrators),
    ("PUT", "/api/v1/admin/engines/order", Gate::Administrators),
    ("PATCH", "/api/v1/admin/engines/{id}", Gate::Administrators),
    ("DELETE", "/api/v1/admin/engines/{id}", Gate::Administrators),
    (
        "GET",
        "/api/v1/admin/engines/{id}/history",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/engines/{id}/self-test",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/exceptions", Gate::Administrators),
    ("POST", "/api/v1/admin/exceptions", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/exceptions/{id}",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/exceptions/{id}/approve",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/groups", Gate::Administrators),
    ("POST", "/api/v1/admin/groups", Gate::Administrators),
    ("PUT", "/api/v1/admin/groups/order", Gate::Administrators),
    ("PATCH", "/api/v1/admin/groups/{id}", Gate::Administrators),
    ("DELETE", "/api/v1/admin/groups/{id}", Gate::Administrators),
    (
        "GET",
        "/api/v1/admin/groups/{id}/members",
        Gate::Administrators,
    ),
    (
        "PUT",
        "/api/v1/admin/groups/{id}/members/{user_id}",
        Gate::Administrators,
    ),
    (
        "DELETE",
        "/api/v1/admin/groups/{id}/members/{user_id}",
        Gate::Administrators,
    ),
    (
        "PATCH",
        "/api/v1/admin/groups/{id}/rules",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/hashes", Gate::Administrators),
    ("POST", "/api/v1/admin/hashes", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/hashes/{sha256}",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/rule-sets", Gate::Administrators),
    ("POST", "/api/v1/admin/rule-sets", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/rule-sets/{name}",
        Gate::Administrators,
    ),
    (
        "PUT",
        "/api/v1/admin/rule-sets/{name}/active",
        Gate::Administrators,
    ),
    (
        "GET",
        "/api/v1/admin/rule-sets/{name}/versions/{number}",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/keys", Gate::Administrators),
    (
        "POST",
        "/api/v1/admin/keys/{id}/activate",
        Gate::Administrators,
    ),
    ("DELETE", "/api/v1/admin/keys/{id}", Gate::Administrators),
    ("POST", "/api/v1/admin/keys/rotation", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/keys/rotation",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/integrity", Gate::Administrators),
    ("POST", "/api/v1/admin/integrity/run", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/integrity/run",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/jobs", Gate::Administrators),
    (
        "POST",
        "/api/v1/admin/jobs/{id}/retry",
        Gate::Administrators,
    ),
    ("POST", "/api/v1/admin/mail/test", Gate::Administrators),
    ("GET", "/api/v1/admin/outbox", Gate::Administrators),
    ("GET", "/api/v1/admin/outbox/{id}", Gate::Administrators),
    (
        "POST",
        "/api/v1/admin/outbox/{id}/retry",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/packages", Gate::Administrators),
    (
        "DELETE",
        "/api/v1/admin/packages/{id}",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/packages/{id}", Gate::Administrators),
    (
        "GET",
        "/api/v1/admin/packages/{id}/files/{file_id}/content",
        Gate::Administrators,
    ),
    (
        "GET",
        "/api/v1/admin/packages/{id}/files/{file_id}/objects",
        Gate::Administrators,
    ),
    (
        "GET",
        "/api/v1/admin/packages/{id}/files/{file_id}/sample",
        Gate::Administrators,
    ),
    (
        "GET",
        "/api/v1/admin/packages/{id}/files/{file_id}/sample/content",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/packages/{id}/recheck",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/packages/{id}/reject",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/packages/{id}/release",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/packages/{id}/stop-checks",
        Gate::Administrators,
    ),
    (
        "GET",
        "/api/v1/admin/packages/{id}/verdicts",
        Gate::Administrators,
    ),
    ("GET", "/api/v1/admin/licence", Gate::Administrators),
    ("PUT", "/api/v1/admin/licence", Gate::Administrators),
    ("DELETE", "/api/v1/admin/licence", Gate::Administrators),
    ("POST", "/api/v1/admin/policy/trial", Gate::Administrators),
    ("GET", "/api/v1/admin/settings", Gate::Administrators),
    ("PATCH", "/api/v1/admin/settings", Gate::Administrators),
    ("GET", "/api/v1/admin/users", Gate::Administrators),
    ("POST", "/api/v1/admin/users", Gate::Administrators),
    ("PATCH", "/api/v1/admin/users/{id}", Gate::Administrators),
    (
        "GET",
        "/api/v1/admin/users/{id}/rules",
        Gate::Administrators,
    ),
    (
        "POST",
        "/api/v1/admin/users/{id}/reset",
        Gate::Administrators,
    ),
    (
        "DELETE",
        "/api/v1/admin/users/{id}/sessions",
        Gate::Administrators,
    ),
];

/// The routes that can return what is in a file. Every one asks `sofie_app::downloads`, which asks
/// `sofie_domain::deliverable`, or `sofie_domain::sample` for what is held.
pub const ROUTES_TO_BYTES: &[(&str, &str)] = &[
    ("GET", "/api/v1/admin/packages/{id}/files/{file_id}/content"),
    (
        "GET",
        "/api/v1/admin/packages/{id}/files/{file_id}/sample/content",
    ),
    ("GET", "/api/v1/packages/{id}/files/{file_id}/content"),
    ("GET", "/api/v1/packages/{id}/zip"),
];
