//! What the types of Rust know and a description made from them does not say: closed sets of words, and
//! that an answer always names all of its fields. Generated clients then need no types written by hand.

use std::collections::HashSet;

use sofie_domain::{
    AccountState, AdministratorPermission, Approval, FileCheck, LicenceFault, Life, PackageState,
    PackageType, RequestState, Severity, UserPermission, Withheld,
};
use utoipa::openapi::{
    OpenApi, RefOr, Schema,
    schema::{ArrayItems, Object, SchemaType, Type},
};

type Words = fn() -> Vec<&'static str>;

macro_rules! all {
    ($kind:ty) => {
        || <$kind>::ALL.iter().map(|one| one.as_str()).collect()
    };
}

/// A schema, a property of it (or of the rows in its lists), and the words that it can be.
const WORDS: &[(&str, &str, Words)] = &[
    ("PackageSummary", "type", all!(PackageType)),
    ("PackageSummary", "state", all!(PackageState)),
    ("PackageSummary", "life", all!(Life)),
    ("PackageSummary", "check", all!(FileCheck)),
    ("PackageSummary", "approval", all!(Approval)),
    ("PackageSummary", "role", || {
        vec!["sender", "recipient", "administrator", "approver"]
    }),
    ("PackageInput", "type", all!(PackageType)),
    ("File", "check", all!(FileCheck)),
    ("File", "withheld", all!(Withheld)),
    ("Finding", "outcome", findings),
    ("Verdict", "outcome", verdicts),
    ("Verdict", "level", || vec!["low", "medium", "high"]),
    ("Instance", "first_screen", || vec!["login", "guest"]),
    ("Instance", "default_type", all!(PackageType)),
    ("Instance", "types", all!(PackageType)),
    ("VisitBody", "kind", || vec!["package", "request"]),
    ("VisitBody", "step", || {
        vec![
            "code",
            "login",
            "password",
            "confirm_access",
            "waiting",
            "ready",
        ]
    }),
    ("Request", "state", all!(RequestState)),
    ("TrackedBody", "mail", || {
        vec!["none", "queued", "sent", "failed"]
    }),
    ("AdminSelf", "permissions", all!(AdministratorPermission)),
    (
        "Administrator",
        "permissions",
        all!(AdministratorPermission),
    ),
    ("AdminUser", "permissions", all!(UserPermission)),
    ("AdminUser", "state", all!(AccountState)),
    ("Engine", "class", || {
        vec!["internal", "reputation", "antivirus", "sandbox"]
    }),
    ("EngineKind", "stage", || {
        vec!["reputation", "antivirus", "sandbox"]
    }),
    ("EngineSetup", "oversize", || vec!["unscannable", "skip"]),
    ("EngineField", "holds", || {
        vec![
            "text",
            "long_text",
            "list",
            "secret",
            "long_secret",
            "flag",
            "choice",
        ]
    }),
    ("LicenceStanding", "standing", || {
        vec!["unlicensed", "valid", "expires_soon", "grace", "demo"]
    }),
    ("LicenceStanding", "fault", all!(LicenceFault)),
    ("MailFigures", "transport", || vec!["smtp", "none"]),
    ("WarningBody", "code", warnings),
    ("MailSummary", "state", || {
        vec!["queued", "sending", "sent", "failed", "held"]
    }),
    ("Setting", "kind", || {
        vec![
            "bool", "integer", "text", "secret", "choice", "bytes", "list", "cron",
        ]
    }),
    ("AuditEntry", "severity", all!(Severity)),
    ("Key", "state", || vec!["ready", "adding", "removing"]),
    ("IntegrityRun", "state", || {
        vec!["running", "done", "cancelled", "failed"]
    }),
    ("IntegrityFinding", "state", || {
        vec!["corrupted", "inaccessible"]
    }),
];

/// What an engine may find.
fn findings() -> Vec<&'static str> {
    vec![
        "infected",
        "suspicious",
        "encrypted",
        "incomplete",
        "unsupported",
        "policy_hit",
        "error",
        "skipped",
    ]
}

/// What an engine may say.
fn verdicts() -> Vec<&'static str> {
    let mut words = findings();
    words.extend(["clean", "pending"]);
    words
}

/// What the first page of the administration warns of.
fn warnings() -> Vec<&'static str> {
    vec![
        "no_antivirus",
        "no_smtp",
        "jobs_dead",
        "mail_failed",
        "base_url_unset",
        "low_disk",
        "kafka_away",
        "licence",
        "files_corrupted",
        "files_inaccessible",
        "integrity_failed",
    ]
}

/// Says both of a document.
pub(super) fn describe(document: &mut OpenApi) {
    let asked = asked(document);
    let Some(components) = &mut document.components else {
        return;
    };
    for (schema, property, words) in WORDS {
        if let Some(RefOr::T(found)) = components.schemas.get_mut(*schema) {
            name_words(found, property, &words());
        }
    }
    for (name, schema) in &mut components.schemas {
        // A problem leaves out what it has nothing to say about, and so may whoever asks.
        if !["Problem", "FieldProblem"].contains(&name.as_str())
            && !asked.contains(name)
            && let RefOr::T(schema) = schema
        {
            require_all(schema);
        }
    }
}

/// Returns the names of the schemas that callers send, and of those inside them.
fn asked(document: &OpenApi) -> HashSet<String> {
    let mut found = HashSet::new();
    let bodies = document.paths.paths.values().flat_map(|item| {
        [&item.put, &item.post, &item.patch, &item.delete]
            .into_iter()
            .flatten()
            .filter_map(|operation| operation.request_body.as_ref())
    });
    for body in bodies {
        let RefOr::T(body) = body else { continue };
        for content in body.content.values() {
            if let RefOr::T(content) = content
                && let Some(schema) = &content.schema
            {
                names(schema, document, &mut found);
            }
        }
    }
    found
}

fn names(schema: &RefOr<Schema>, document: &OpenApi, found: &mut HashSet<String>) {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference
                .ref_location
                .rsplit('/')
                .next()
                .unwrap_or_default();
            if !found.insert(name.to_owned()) {
                return;
            }
            let components = document.components.as_ref();
            if let Some(inner) = components.and_then(|known| known.schemas.get(name)) {
                names(inner, document, found);
            }
        }
        RefOr::T(schema) => each_inside(schema, |inner| names(inner, document, found)),
    }
}

fn each_inside(schema: &Schema, mut visit: impl FnMut(&RefOr<Schema>)) {
    match schema {
        Schema::Object(object) => object.properties.values().for_each(visit),
        Schema::AllOf(all) => all.items.iter().for_each(visit),
        Schema::OneOf(one) => one.items.iter().for_each(visit),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &array.items {
                visit(items);
            }
        }
        _ => {}
    }
}

fn each_inside_mut(schema: &mut Schema, mut visit: impl FnMut(&mut Schema)) {
    let mut visit = |inner: &mut RefOr<Schema>| {
        if let RefOr::T(inner) = inner {
            visit(inner);
        }
    };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(visit),
        Schema::AllOf(all) => all.items.iter_mut().for_each(visit),
        Schema::OneOf(one) => one.items.iter_mut().for_each(visit),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                visit(items);
            }
        }
        _ => {}
    }
}

fn require_all(schema: &mut Schema) {
    if let Schema::Object(object) = schema {
        object.required = object.properties.keys().cloned().collect();
    }
    each_inside_mut(schema, require_all);
}

fn name_words(schema: &mut Schema, property: &str, words: &[&'static str]) {
    if let Schema::Object(object) = schema
        && let Some(RefOr::T(found)) = object.properties.get_mut(property)
    {
        return list_words(found, words);
    }
    if let Schema::AllOf(_) = schema {
        each_inside_mut(schema, |inner| name_words(inner, property, words));
    }
}

/// Puts the words at a text, or at the texts of a list.
fn list_words(schema: &mut Schema, words: &[&'static str]) {
    match schema {
        Schema::Object(object) => {
            let mut values: Vec<_> = words.iter().map(|word| (*word).into()).collect();
            if may_be_null(object) {
                values.push(serde_json::Value::Null);
            }
            object.enum_values = Some(values);
        }
        _ => each_inside_mut(schema, |inner| list_words(inner, words)),
    }
}

fn may_be_null(object: &Object) -> bool {
    matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema with what it is made of, as JSON.
    fn described(name: &str) -> serde_json::Value {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        document["components"]["schemas"][name].clone()
    }

    #[test]
    fn every_word_list_stands_at_a_property() {
        for (schema, property, words) in WORDS {
            let found = described(schema);
            let at = &found["properties"][property];
            let list = if at["items"].is_object() {
                &at["items"]
            } else {
                at
            };
            let listed = list["enum"].as_array();
            let listed = listed.unwrap_or_else(|| panic!("{schema} has no {property}: {found}"));
            assert!(listed.len() >= words().len(), "{schema}.{property}");
        }
    }

    #[test]
    fn answers_name_all_their_fields_and_questions_may_leave_some_out() {
        let file = described("File");
        let required = file["required"].as_array().unwrap();
        assert_eq!(
            required.len(),
            file["properties"].as_object().unwrap().len()
        );
        assert!(required.contains(&"withheld".into()));
        assert!(described("PackageInput")["required"].is_null());
    }

    #[test]
    fn what_may_be_missing_is_null_in_its_list() {
        let file = described("File");
        let withheld = file["properties"]["withheld"]["enum"].as_array().unwrap();
        assert!(withheld.contains(&serde_json::Value::Null));
    }
}
