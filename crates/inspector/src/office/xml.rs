//! The little XML that descriptions of encryption are written in.

/// The most tags.
const MOST: usize = 100;

/// A tag: its name without the prefix, and its attributes.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag<'x> {
    pub name: &'x str,
    attributes: Vec<(&'x str, &'x str)>,
}

impl<'x> Tag<'x> {
    pub(crate) fn get(&self, name: &str) -> Option<&'x str> {
        let found = self.attributes.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| *value)
    }
}

/// The tags that begin something; none for what programs could read in different ways, such as
/// comments, entities and attributes that are there twice.
pub fn tags(mut xml: &str) -> Option<Vec<Tag<'_>>> {
    let mut tags = Vec::new();
    if xml.contains("<!") || xml.contains('&') {
        return None;
    }
    while let Some(at) = xml.find('<') {
        let (inside, rest) = xml[at + 1..].split_once('>')?;
        xml = rest;
        if inside.starts_with(['?', '/']) {
            continue;
        }
        tags.push(tag(inside.strip_suffix('/').unwrap_or(inside))?);
        if tags.len() > MOST {
            return None;
        }
    }
    Some(tags)
}

fn tag(inside: &str) -> Option<Tag<'_>> {
    let (name, mut rest) = inside
        .split_once(|symbol: char| symbol.is_ascii_whitespace())
        .unwrap_or((inside, ""));
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    while !rest.trim_ascii().is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (name, value) = (name.trim_ascii(), value.trim_ascii_start());
        let quote = value.chars().next().filter(|it| matches!(it, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        if attributes.iter().any(|(own, _)| *own == name) {
            return None;
        }
        attributes.push((name, value));
        rest = after;
    }
    let name = name.rsplit_once(':').map_or(name, |(_, local)| local);
    Some(Tag { name, attributes })
}

#[cfg(test)]
mod tests {
    use super::tags;

    #[test]
    fn attributes_are_read() {
        let xml = "<?xml version='1.0'?><e xmlns:p=\"u\">\n<p:key a=\"1\"\n b = '2=3'/></e>";
        let tags = tags(xml).unwrap();
        assert_eq!(tags.len(), 2);
        assert_eq!((tags[0].name, tags[1].name), ("e", "key"));
        assert_eq!(
            (tags[1].get("a"), tags[1].get("b")),
            (Some("1"), Some("2=3"))
        );
        assert_eq!(tags[1].get("c"), None);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for xml in [
            "<a b='1' b='2'/>",
            "<!-- <a/> --><b/>",
            "<a b='&amp;'/>",
            "<a b=1/>",
            "<a",
        ] {
            assert_eq!(tags(xml), None, "{xml}");
        }
    }
}
