//! Conditions about answers: a place in a JSON text, and what has to stand there.

use serde_json::Value;

/// A place in an answer: a JSON pointer (RFC 6901) in which `*` stands for every part of a list or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer(Vec<String>);

/// What has to hold of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    place: Pointer,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// The text there is like this pattern, in which `*` stands for anything.
    Like(String),
    /// Something else stands there.
    Unlike(String),
    /// A number above this.
    Above(f64),
    /// A number below this.
    Below(f64),
}

impl Pointer {
    /// Reads `/a/b`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts = text.strip_prefix('/')?.split('/');
        let decode = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let plain = !text.contains(char::is_whitespace);
        plain.then(|| Self(parts.map(decode).collect()))
    }

    /// All that stands there; none where the way ends before.
    fn all<'v>(&self, answer: &'v Value) -> Vec<Option<&'v Value>> {
        let mut places = vec![Some(answer)];
        for part in &self.0 {
            places = places
                .into_iter()
                .flat_map(|place| step(place, part))
                .collect();
        }
        places
    }

    /// The first text or number there.
    pub(super) fn text(&self, answer: &Value) -> Option<String> {
        let found = self.all(answer).into_iter().flatten();
        let mut simple = found.filter(|value| value.is_string() || value.is_number());
        simple.next().map(text)
    }
}

fn step<'v>(place: Option<&'v Value>, part: &str) -> Vec<Option<&'v Value>> {
    match (place, part) {
        (Some(Value::Array(parts)), "*") => parts.iter().map(Some).collect(),
        (Some(Value::Object(parts)), "*") => parts.values().map(Some).collect(),
        (Some(Value::Array(parts)), part) => {
            let number: Option<usize> = part.parse().ok();
            vec![number.and_then(|number| parts.get(number))]
        }
        (Some(Value::Object(parts)), part) => vec![parts.get(part)],
        _ => vec![None],
    }
}

impl Condition {
    /// Reads `/place = pattern`, `/place != pattern`, `/place > number` or `/place < number`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (place, rest) = text.split_once(' ')?;
        let (sign, value) = rest
            .trim_start()
            .split_once(' ')
            .unwrap_or((rest.trim(), ""));
        let value = value.trim();
        let number = || value.parse().ok().filter(|number: &f64| number.is_finite());
        let demand = match sign {
            "=" => Test::Like(value.to_owned()),
            "!=" => Test::Unlike(value.to_owned()),
            ">" => Test::Above(number()?),
            "<" => Test::Below(number()?),
            _ => return None,
        };
        let place = Pointer::parse(place)?;
        Some(Self {
            place,
            test: demand,
        })
    }

    /// Whether it holds anywhere.
    pub(super) fn holds(&self, answer: &Value) -> bool {
        let places = self.place.all(answer);
        places.into_iter().any(|value| self.holds_of(value))
    }

    /// Whether it holds everywhere, and somewhere.
    pub(super) fn holds_everywhere(&self, answer: &Value) -> bool {
        let places = self.place.all(answer);
        !places.is_empty() && places.into_iter().all(|value| self.holds_of(value))
    }

    fn holds_of(&self, value: Option<&Value>) -> bool {
        // Of what is not there nothing holds, not even that it is something else.
        let Some(value) = value else {
            return false;
        };
        match &self.test {
            Test::Like(pattern) => is_like(&text(value), pattern),
            Test::Unlike(pattern) => !is_like(&text(value), pattern),
            Test::Above(number) => value.as_f64().is_some_and(|value| value > *number),
            Test::Below(number) => value.as_f64().is_some_and(|value| value < *number),
        }
    }
}

/// A text as it is, everything else as JSON.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn is_like(text: &str, pattern: &str) -> bool {
    let Some((beginning, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(beginning) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        // The first place is the best: it leaves most for what follows.
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn holds(condition: &str, answer: &Value) -> (bool, bool) {
        let condition = Condition::parse(condition).unwrap();
        (condition.holds(answer), condition.holds_everywhere(answer))
    }

    #[test]
    fn conditions_hold_where_something_stands() {
        let answer = json!({
            "verdict": "malicious: X", "count": 3, "flag": true, "none": null, "a/b": "x", "list": [],
            "parts": [{ "is": "clean" }, { "is": "bad" }, {}],
        });
        for (condition, anywhere, everywhere) in [
            ("/verdict = malicious*", true, true),
            ("/verdict = malicious", false, false),
            ("/verdict = *ous*X", true, true),
            ("/verdict != clean", true, true),
            ("/missing != clean", false, false),
            ("/missing = *", false, false),
            ("/count > 2", true, true),
            ("/count > 3", false, false),
            ("/count < 3.5", true, true),
            ("/verdict > 2", false, false),
            ("/count = 3", true, true),
            ("/flag = true", true, true),
            ("/none = null", true, true),
            ("/a~1b = x", true, true),
            ("/list = []", true, true),
            ("/list != []", false, false),
            ("/list/* = *", false, false),
            ("/parts/*/is = bad", true, false),
            ("/parts/*/is = clean", true, false),
            ("/parts/*/is = *", true, false),
            ("/parts/0/is = clean", true, true),
            ("/parts/9/is = clean", false, false),
        ] {
            assert_eq!(
                holds(condition, &answer),
                (anywhere, everywhere),
                "{condition}"
            );
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for wrong in [
            "",
            "verdict = x",
            "/verdict",
            "/verdict ~ x",
            "/count > many",
            "/count > inf",
            "/a=b",
        ] {
            assert_eq!(Condition::parse(wrong), None, "{wrong}");
        }
        assert!(Condition::parse("/verdict =").is_some());
        assert_eq!(Pointer::parse("/a b"), None);
    }

    proptest! {
        #[test]
        fn a_pattern_is_like_what_it_was_made_from(parts in proptest::collection::vec("[ab]{0,3}", 1..4), fill in "[ab]{0,3}") {
            prop_assert!(is_like(&parts.join(&fill), &parts.join("*")));
            let whole = parts.concat();
            prop_assert_eq!(is_like(&whole, &fill), whole == fill);
        }
    }
}
