//! The dictionary of a stream (ISO 32000-1, 7.3).

use super::marks::unescaped;

/// How deep arrays and dictionaries may be in one another.
const DEEPEST: u32 = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Name(Vec<u8>),
    Number(u64),
    Array(Vec<Value>),
    Dictionary(Dictionary),
    /// The number of another object, which is not looked up here.
    Reference,
    /// Strings, and whatever else.
    Other,
}

/// Names and values in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary(Vec<(Vec<u8>, Value)>);

impl Dictionary {
    /// Reads the dictionary that `text` begins with, behind blanks and comments.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: text };
        match reader.value(0)? {
            Value::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// The value of a name; nothing where it is there twice, as readers take either.
    pub(super) fn get(&self, name: &str) -> Result<Option<&Value>, Twice> {
        let mut all = self.0.iter().filter(|(key, _)| key == name.as_bytes());
        let first = all.next().map(|(_, value)| value);
        if all.next().is_some() {
            return Err(Twice);
        }
        Ok(first)
    }

    /// Whether `name` is there with this name as its value.
    pub(super) fn says(&self, name: &str, value: &str) -> bool {
        let is = |(key, it): &(Vec<u8>, Value)| {
            key == name.as_bytes() && matches!(it, Value::Name(it) if it == value.as_bytes())
        };
        self.0.iter().any(is)
    }
}

/// A name is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twice;

struct Reader<'t> {
    rest: &'t [u8],
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        while let Some(byte) = self.rest.first() {
            if *byte == b'%' {
                let line = memchr::memchr2(b'\n', b'\r', self.rest);
                self.rest = &self.rest[line.unwrap_or(self.rest.len())..];
            } else if is_blank(*byte) {
                self.rest = &self.rest[1..];
            } else {
                return;
            }
        }
    }

    fn take(&mut self, mark: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Letters up to the next blank or delimiter.
    fn word(&mut self) -> &[u8] {
        let ends = |byte: &u8| is_blank(*byte) || is_delimiter(*byte);
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        word
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.skip_blanks();
        if depth > DEEPEST {
            return None;
        }
        if self.take(b"<<") {
            return self.pairs(depth).map(Value::Dictionary);
        }
        match *self.rest.first()? {
            b'/' => {
                self.rest = &self.rest[1..];
                Some(Value::Name(unescaped(self.word()).into_owned()))
            }
            b'[' => {
                self.rest = &self.rest[1..];
                self.values(b"]", depth).map(Value::Array)
            }
            b'(' => self.string(),
            b'<' => {
                let end = memchr::memchr(b'>', self.rest)?;
                self.rest = &self.rest[end + 1..];
                Some(Value::Other)
            }
            byte if is_delimiter(byte) => None,
            _ => Some(scalar(self.word())),
        }
    }

    /// Values up to `end`; what is written as `4 0 R` is one.
    fn values(&mut self, end: &[u8], depth: u32) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            self.skip_blanks();
            if self.take(end) {
                return Some(values);
            }
            match self.value(depth + 1)? {
                Value::Reference => {
                    let both = [values.pop()?, values.pop()?];
                    let numbers = both.iter().all(|it| matches!(it, Value::Number(_)));
                    values.push(numbers.then_some(Value::Reference)?);
                }
                value => values.push(value),
            }
        }
    }

    fn pairs(&mut self, depth: u32) -> Option<Dictionary> {
        let mut values = self.values(b">>", depth)?.into_iter();
        let mut pairs = Vec::new();
        while let Some(name) = values.next() {
            let Value::Name(name) = name else {
                return None;
            };
            pairs.push((name, values.next()?));
        }
        Some(Dictionary(pairs))
    }

    fn string(&mut self) -> Option<Value> {
        let mut open = 0_u32;
        let mut bytes = self.rest.iter().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => {
                    bytes.next();
                }
                b'(' => open += 1,
                b')' if open == 1 => {
                    self.rest = &self.rest[at + 1..];
                    return Some(Value::Other);
                }
                b')' => open -= 1,
                _ => {}
            }
        }
        None
    }
}

fn scalar(word: &[u8]) -> Value {
    if word == b"R" {
        return Value::Reference;
    }
    let number = std::str::from_utf8(word)
        .ok()
        .and_then(|word| word.parse().ok());
    number.map_or(Value::Other, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_kinds_are_told_apart() {
        let text = b" %c\n<< /A/B /L 12 0 R/N 7/S (a\\)(b)) /H <aa> /F#69 [/X << /C -1 >> null]\n>> stream";
        let read = Dictionary::parse(text).unwrap();
        assert_eq!(read.get("A"), Ok(Some(&Value::Name(b"B".to_vec()))));
        assert_eq!(read.get("L"), Ok(Some(&Value::Reference)));
        assert_eq!(read.get("N"), Ok(Some(&Value::Number(7))));
        assert_eq!(read.get("S"), Ok(Some(&Value::Other)));
        let Ok(Some(Value::Array(list))) = read.get("Fi") else {
            panic!("{read:?}");
        };
        assert_eq!(list.len(), 3);
        assert_eq!(read.get("none"), Ok(None));
    }

    #[test]
    fn what_is_there_twice_is_not_believed() {
        let read = Dictionary::parse(b"<< /N 1 /N 2 >>").unwrap();
        assert_eq!(read.get("N"), Err(Twice));
    }

    #[test]
    fn broken_ones_are_none() {
        for text in [
            "<< /A",
            "<< /A >>",
            "<< 1 2 >>",
            "(a",
            "<< /A ( >>",
            "<< /A R >>",
        ] {
            assert_eq!(Dictionary::parse(text.as_bytes()), None, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(Dictionary::parse(format!("<< /A {deep}").as_bytes()), None);
    }
}
