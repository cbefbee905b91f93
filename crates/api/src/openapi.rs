//! The OpenAPI document, written by the code.

mod common;
mod exact;

use utoipa::{OpenApi, openapi::OpenApi as OpenApiDocument};

use crate::router;

/// The head of the document.
#[derive(Debug, OpenApi)]
#[openapi(info(
    title = "SOFiE",
    description = "Safe online file exchange. Unsafe calls with a cookie need the header `X-Sofie: 1`; \
                   programs send `Authorization: Bearer sofie_pat_…` instead.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
pub(crate) struct Head;

/// Returns the OpenAPI 3.1 document of all routes.
#[must_use]
pub fn openapi() -> OpenApiDocument {
    let mut document = router::routes().into_openapi();
    name_operations(&mut document);
    exact::describe(&mut document);
    common::describe(&mut document);
    document
}

/// Gives every operation a name of its own, made of its method and path: handlers of different nouns share
/// theirs, and generators of clients need each name once.
fn name_operations(document: &mut OpenApiDocument) {
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("options", &mut item.options),
            ("head", &mut item.head),
            ("patch", &mut item.patch),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                operation.operation_id = Some(name(method, path));
            }
        }
    }
}

fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let parts = path
        .split(['/', '-', '.'])
        .map(|part| part.trim_matches(['{', '}', '*']));
    parts
        .filter(|part| !part.is_empty())
        .fold(method.to_owned(), |name, part| name + "_" + part)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(openapi()).unwrap();
        let mut names = HashSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(names.insert(name.clone()), "{name} is there twice");
            }
        }
        assert!(names.contains("get_packages_id_tracking"));
    }
}
