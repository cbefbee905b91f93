//! What goes on when the licence does not hold (ADM-12): what is there can be fetched, looked at, decided on and
//! deleted, and administrators can mend things. Nothing new comes in.

use http::Method;

/// Calls that go on beside reading and deleting. Every other call is refused, a new one too until it is put here.
const GOES_ON: &[(&str, &str)] = &[
    // Who somebody is.
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/session/confirm"),
    ("POST", "/api/v1/password"),
    ("POST", "/api/v1/password/forgot"),
    ("POST", "/api/v1/password/reset"),
    ("POST", "/api/v1/setup"),
    ("PATCH", "/api/v1/me"),
    ("POST", "/api/v1/admin/session"),
    ("POST", "/api/v1/admin/session/confirm"),
    ("POST", "/api/v1/admin/password"),
    // On the way to what was sent.
    ("POST", "/api/v1/links/open"),
    ("POST", "/api/v1/guest/code"),
    ("POST", "/api/v1/guest/verify"),
    ("POST", "/api/v1/visits/{id}/access"),
    ("POST", "/api/v1/visits/{id}/code"),
    ("POST", "/api/v1/visits/{id}/password"),
    ("POST", "/api/v1/visits/{id}/verify"),
    ("POST", "/api/v1/packages/{id}/notify"),
    ("POST", "/api/v1/packages/{id}/restore"),
    ("POST", "/api/v1/packages/{id}/unlock"),
    ("POST", "/api/v1/approvals/{id}/approve"),
    ("POST", "/api/v1/approvals/{id}/reject"),
    ("POST", "/api/v1/admin/packages/{id}/recheck"),
    ("POST", "/api/v1/admin/packages/{id}/reject"),
    ("POST", "/api/v1/admin/packages/{id}/release"),
    ("POST", "/api/v1/admin/packages/{id}/stop-checks"),
    // How the installation works. Letting a disabled user in again is refused by itself.
    ("PUT", "/api/v1/admin/licence"),
    ("POST", "/api/v1/admin/keys/{id}/activate"),
    ("POST", "/api/v1/admin/keys/rotation"),
    ("POST", "/api/v1/admin/integrity/run"),
    ("PATCH", "/api/v1/admin/settings"),
    ("PATCH", "/api/v1/admin/users/{id}"),
    ("POST", "/api/v1/admin/users/{id}/reset"),
    ("PATCH", "/api/v1/admin/administrators/{id}"),
    ("POST", "/api/v1/admin/engines"),
    ("PUT", "/api/v1/admin/engines/order"),
    ("PATCH", "/api/v1/admin/engines/{id}"),
    ("POST", "/api/v1/admin/engines/{id}/self-test"),
    ("POST", "/api/v1/admin/exceptions"),
    ("POST", "/api/v1/admin/exceptions/{id}/approve"),
    ("POST", "/api/v1/admin/groups"),
    ("PUT", "/api/v1/admin/groups/order"),
    ("PATCH", "/api/v1/admin/groups/{id}"),
    ("PUT", "/api/v1/admin/groups/{id}/members/{user_id}"),
    ("PATCH", "/api/v1/admin/groups/{id}/rules"),
    ("POST", "/api/v1/admin/hashes"),
    ("POST", "/api/v1/admin/rule-sets"),
    ("PUT", "/api/v1/admin/rule-sets/{name}/active"),
    ("POST", "/api/v1/admin/policy/trial"),
    ("POST", "/api/v1/admin/jobs/{id}/retry"),
    ("POST", "/api/v1/admin/mail/test"),
    ("POST", "/api/v1/admin/outbox/{id}/retry"),
];

/// Tells whether a call of a route goes on when the licence does not hold.
#[must_use]
pub fn goes_on_in_demo(method: &Method, route: &str) -> bool {
    method.is_safe() || method == Method::DELETE || GOES_ON.contains(&(method.as_str(), route))
}
