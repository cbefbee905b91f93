//! What holds for every operation: how it fails, and what proves who calls.

use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    path::Operation,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use crate::{
    access::{Gate, Kind, RULES},
    cookies,
};

const PROBLEM: &str = "application/problem+json";
const BYTES: &str = "application/octet-stream";

/// Says both of a document.
pub(super) fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("OPTIONS", &mut item.options),
            ("HEAD", &mut item.head),
            ("PATCH", &mut item.patch),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                describe_failures(operation);
                describe_bytes(operation);
                operation.security = proofs(method, path);
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for kind in Kind::ALL {
        if let Some((name, scheme)) = scheme(kind) {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// Every failure is a problem: those that an operation names, and those that any may meet, such as a body that is
/// too large, too many tries, or a part that is not available.
fn describe_failures(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            call_problem(response);
        }
    }
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let failure = ResponseBuilder::new()
        .description("any other failure")
        .content(PROBLEM, content)
        .build();
    responses
        .entry("default".to_owned())
        .or_insert(RefOr::T(failure));
}

/// The macro that writes the document takes every body for `application/json`.
fn call_problem(response: &mut Response) {
    let is_problem = response.content.values().any(|content| {
        matches!(content, RefOr::T(content) if matches!(&content.schema,
            Some(RefOr::Ref(schema)) if schema.ref_location.ends_with("/Problem")))
    });
    if is_problem {
        let content = std::mem::take(&mut response.content);
        response.content = content
            .into_values()
            .map(|content| (PROBLEM.to_owned(), content))
            .collect();
    }
}

/// Raw bytes have no schema (OpenAPI 3.1, 4.8.14.1).
fn describe_bytes(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    if let Some(RefOr::T(content)) = body.content.get_mut(BYTES) {
        content.schema = None;
    }
}

/// What a caller may prove itself with, by the table of who may call.
fn proofs(method: &str, path: &str) -> Option<Vec<SecurityRequirement>> {
    let rule = RULES.iter().find(|rule| (rule.0, rule.1) == (method, path));
    let gate = rule
        .map(|(_, _, gate)| *gate)
        .filter(|gate| *gate != Gate::Open)?;
    let admitted = Kind::ALL.into_iter().filter(|kind| gate.admits(*kind));
    let proofs = admitted.filter_map(|kind| {
        scheme(kind).map(|(name, _)| SecurityRequirement::new(name, Vec::<String>::new()))
    });
    Some(proofs.collect())
}

/// The name of a proof and what it is; who brings nothing has none.
fn scheme(kind: Kind) -> Option<(&'static str, SecurityScheme)> {
    let cookie = |name: &str| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name)));
    match kind {
        Kind::Anonymous => None,
        Kind::Visitor => Some(("visitor", cookie(cookies::VISITOR))),
        Kind::User => Some(("user", cookie(cookies::USER))),
        Kind::Administrator => Some(("administrator", cookie(cookies::ADMINISTRATOR))),
        Kind::Token => Some((
            "token",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn operation(method: &str, path: &str) -> Value {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        document["paths"][path][method].clone()
    }

    #[test]
    fn failures_are_problems_everywhere() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.contains_key("default"), "{method} {path}");
                for (status, response) in responses {
                    let media = response["content"].as_object();
                    let media: Vec<&String> =
                        media.into_iter().flat_map(|all| all.keys()).collect();
                    if !status.starts_with('2') && !media.is_empty() {
                        assert_eq!(
                            media,
                            ["application/problem+json"],
                            "{method} {path} {status}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn proofs_follow_the_table_of_access() {
        let security = |method, path| operation(method, path)["security"].clone();
        assert_eq!(security("post", "/api/v1/session"), Value::Null);
        assert_eq!(
            security("get", "/api/v1/admin/users"),
            json!([{ "administrator": [] }])
        );
        assert_eq!(security("post", "/api/v1/tokens"), json!([{ "user": [] }]));
        let holders = json!([{ "visitor": [] }, { "user": [] }, { "token": [] }]);
        assert_eq!(security("get", "/api/v1/packages/{id}"), holders);
    }

    #[test]
    fn raw_bytes_have_no_schema() {
        let body = &operation("put", "/api/v1/packages/{id}/files/{file_id}")["requestBody"];
        assert_eq!(body["content"], json!({ "application/octet-stream": {} }));
    }
}
