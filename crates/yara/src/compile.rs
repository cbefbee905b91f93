//! From rules as they were written to rules that can be searched by.

use yara_x::errors::CompileError;
use yara_x::{Compiler, Rules, SourceCode};

use crate::protocol::{RuleError, RuleSet};

/// So many errors are told.
const MOST_ERRORS: usize = 50;
/// Longest message of an error in characters.
const LONGEST_MESSAGE: usize = 300;

/// Compiles all sets, each in a namespace of its own; files can't be included.
///
/// # Errors
/// Everything that the compiler does not like, at least one thing.
pub fn compile(sets: &[RuleSet]) -> Result<Rules, Vec<RuleError>> {
    let mut compiler = Compiler::new();
    compiler.enable_includes(false);
    let mut errors = Vec::new();
    for set in sets {
        let known = compiler.errors().len();
        compiler.new_namespace(&set.name);
        let source = SourceCode::from(set.source.as_str()).with_origin(set.name.as_str());
        let refused = compiler.add_source(source).is_err();
        let new = compiler.errors().get(known..).unwrap_or_default();
        errors.extend(new.iter().map(|error| told(set, error)));
        if refused && new.is_empty() {
            errors.push(untold(set, "it can't be compiled"));
        }
    }
    errors.truncate(MOST_ERRORS);
    if !errors.is_empty() {
        return Err(errors);
    }
    let rules = compiler.build();
    for set in sets {
        if !rules.iter().any(|rule| rule.namespace() == set.name) {
            errors.push(untold(set, "there are no rules"));
        }
    }
    if errors.is_empty() {
        Ok(rules)
    } else {
        Err(errors)
    }
}

fn untold(set: &RuleSet, message: &str) -> RuleError {
    RuleError {
        set: set.name.clone(),
        line: 0,
        message: message.to_owned(),
    }
}

fn told(set: &RuleSet, error: &CompileError) -> RuleError {
    let label = error.labels().next();
    let line = label.as_ref().map_or(0, |label| {
        let before = set.source.as_bytes().get(..label.span().start());
        let breaks = before.map_or(0, |before| memchr::memchr_iter(b'\n', before).count());
        u32::try_from(breaks + 1).unwrap_or(0)
    });
    let detail = label.map_or(String::new(), |label| label.text().to_owned());
    let message = if detail.is_empty() {
        error.title().to_owned()
    } else {
        format!("{}: {detail}", error.title())
    };
    RuleError {
        set: set.name.clone(),
        line,
        message: message.chars().take(LONGEST_MESSAGE).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(source: &str) -> Vec<(u32, String)> {
        let set = RuleSet {
            name: "own".to_owned(),
            source: source.to_owned(),
        };
        let refused = compile(&[set]).err().unwrap_or_default();
        let told = refused.into_iter();
        told.map(|error| (error.line, error.message)).collect()
    }

    #[test]
    fn errors_are_told_by_their_lines() {
        let bad = "rule a {\n  condition:\n    nothing\n}\nrule b {\n condition: $x }";
        let told = errors(bad);
        let lines: Vec<u32> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 6], "{told:?}");
        assert!(told[0].1.contains("nothing"), "{told:?}");
    }

    #[test]
    fn files_are_not_included_and_nothing_is_not_a_rule() {
        assert_eq!(
            errors("include \"/etc/passwd\"\nrule a { condition: true }").len(),
            1
        );
        assert_eq!(errors("").len(), 1);
        assert_eq!(errors("// a comment").len(), 1);
    }

    #[test]
    fn modules_that_are_there_can_be_used() {
        let good = r#"import "pe" import "elf" import "hash" import "math" import "string" import "time"
            rule a { condition: pe.is_pe or elf.type == elf.ET_EXEC or hash.md5(0, 4) == "x" }"#;
        assert_eq!(errors(good), []);
    }

    #[test]
    fn sets_do_not_disturb_each_other() {
        let set = |name: &str| RuleSet {
            name: name.to_owned(),
            source: "rule same { condition: true }".to_owned(),
        };
        assert!(compile(&[set("one"), set("two")]).is_ok());
    }
}
