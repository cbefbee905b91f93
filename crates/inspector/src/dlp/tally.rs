//! What was found in all objects of one file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::rules::{Rule, Rules};
use super::scan::Hits;

/// The most objects that are named for one rule.
const MOST_PLACES: usize = 20;

#[derive(Debug, Default)]
struct Total {
    count: u64,
    /// Paths of objects, and what was found in them.
    places: Vec<(String, Hits)>,
    /// In how many more objects something was found.
    more: u64,
}

/// Matches by rule.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Rule, Total>);

/// A finding: its name, the object and what to say of it.
pub type Said = (Cow<'static, str>, String, String);

impl Tally {
    pub(crate) fn add(&mut self, path: &str, hits: Vec<(Rule, Hits)>) {
        for (rule, hits) in hits {
            let total = self.0.entry(rule).or_default();
            total.count += hits.count;
            if total.places.len() < MOST_PLACES {
                total.places.push((path.to_owned(), hits));
            } else {
                total.more += 1;
            }
        }
    }

    /// What reached its threshold in the file as a whole, and how many objects go unnamed.
    pub(crate) fn into_findings(self, rules: &Rules) -> (Vec<Said>, u64) {
        let mut said = Vec::new();
        let mut more = 0;
        for (rule, total) in self.0 {
            if total.count < rules.threshold(rule) {
                continue;
            }
            more += total.more;
            let name = rules.finding(rule);
            let places = total.places.into_iter();
            said.extend(places.map(|(path, hits)| (name.clone(), path, detail(&hits))));
        }
        (said, more)
    }
}

fn detail(hits: &Hits) -> String {
    match (hits.count, hits.tail.as_str()) {
        (1, "") => "1 match".to_owned(),
        (1, tail) => format!("1 match, •••• {tail}"),
        (count, "") => format!("{count} matches"),
        (count, tail) => format!("{count} matches, first •••• {tail}"),
    }
}
