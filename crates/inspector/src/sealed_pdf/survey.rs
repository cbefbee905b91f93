//! The first look at a document: how it is encrypted, and the lengths of streams that are
//! objects of their own.

use std::collections::BTreeMap;

use super::dictionary::Dictionary;
use super::lexer::{DAMAGED, Token};
use super::objects::{Objects, Step};
use crate::limits::Budget;
use crate::stream::Fault;

/// The most numbers that are objects of their own.
const MOST_NUMBERS: usize = 100_000;
/// The most dictionaries that may be the one that says how.
const MOST_CANDIDATES: usize = 8;

/// Numbers by their object; none where a number is there twice and differs.
pub type Lengths = BTreeMap<u32, Option<u64>>;

/// What was seen.
pub struct Survey {
    pub encrypt: Dictionary,
    pub id: Vec<u8>,
    pub lengths: Lengths,
}

#[derive(Default)]
struct Seen {
    /// The value of `Encrypt` in trailers: the dictionary or its object.
    stated: Option<Stated>,
    id: Option<Vec<u8>>,
    candidates: Vec<(u32, Dictionary)>,
    lengths: Lengths,
    /// Something is there twice and differs.
    doubtful: bool,
}

#[derive(PartialEq, Eq)]
enum Stated {
    Here(Dictionary),
    Object(u32),
}

impl Survey {
    /// None when it is not sure how the document is encrypted.
    pub(crate) fn of(
        mut objects: Objects<'_, '_, '_, '_>,
        budget: &Budget,
    ) -> Result<Option<Self>, Fault> {
        let mut seen = Seen::default();
        loop {
            match objects.step()? {
                Step::End => break,
                Step::Trailer => seen.trailer(&objects.dictionary),
                Step::Object((number, _), value) => {
                    budget.check_time()?;
                    seen.object(number, value, &objects.dictionary)?;
                }
                Step::Stream(_) => {
                    budget.check_time()?;
                    if objects.dictionary.name("Type") == Some(b"XRef") {
                        seen.trailer(&objects.dictionary);
                    }
                    // Where the length is another object, that may not have come yet.
                    let stated = objects.dictionary.number("Length");
                    let length = objects.data_length(stated)?;
                    let end = objects.lexer.position() + length;
                    objects.lexer.seek(end);
                }
                Step::Token | Step::Name(_) | Step::Text(_) => {}
            }
        }
        Ok(seen.conclude())
    }
}

impl Seen {
    fn trailer(&mut self, dictionary: &Dictionary) {
        let stated = match dictionary.get("Encrypt") {
            Some([Token::Number(number), Token::Number(_), Token::Word(word)]) if word == b"R" => {
                u32::try_from(*number).ok().map(Stated::Object)
            }
            _ => dictionary.inner("Encrypt").map(Stated::Here),
        };
        self.doubtful |= dictionary.has("Encrypt") && stated.is_none();
        note(&mut self.stated, stated, &mut self.doubtful);
        let id = match dictionary.get("ID") {
            Some([Token::OpenArray, Token::Text(id), ..]) => Some(id.clone()),
            _ => None,
        };
        note(&mut self.id, id, &mut self.doubtful);
    }

    fn object(
        &mut self,
        number: u32,
        value: Option<u64>,
        dictionary: &Dictionary,
    ) -> Result<(), Fault> {
        if let Some(value) = value {
            let known = self.lengths.entry(number).or_insert(Some(value));
            *known = known.filter(|known| *known == value);
        }
        let may_be = dictionary.has("Filter") && dictionary.has("O") && dictionary.has("U");
        if may_be && dictionary.is_whole() {
            self.candidates.push((number, dictionary.clone()));
        }
        let fits = self.lengths.len() <= MOST_NUMBERS && self.candidates.len() <= MOST_CANDIDATES;
        fits.then_some(()).ok_or(DAMAGED)
    }

    fn conclude(self) -> Option<Survey> {
        let encrypt = match self.stated? {
            Stated::Here(dictionary) => dictionary,
            Stated::Object(wanted) => {
                let mut own = self.candidates.into_iter().filter(|(it, _)| *it == wanted);
                let (_, first) = own.next()?;
                own.all(|(_, other)| other == first).then_some(first)?
            }
        };
        (!self.doubtful).then_some(Survey {
            encrypt,
            id: self.id.unwrap_or_default(),
            lengths: self.lengths,
        })
    }
}

/// Keeps what came first; says when something else comes.
fn note<T: PartialEq>(known: &mut Option<T>, new: Option<T>, doubtful: &mut bool) {
    match (&known, new) {
        (_, None) => {}
        (None, new) => *known = new,
        (Some(known), Some(new)) => *doubtful |= *known != new,
    }
}
