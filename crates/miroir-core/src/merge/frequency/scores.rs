//! The scores of hits as one server gives them, which has all words of the query in mind and not only those of a list.
//!
//! A node knows the words of a list only: it does not say how many words are missing, divides what nearness costs by what it can
//! cost in that list, and imagines the typos of its words. It ranks by words (`matchingStrategy: last`), and this is what makes
//! it forget words that written together could be one, unless a document has them so (`good_paths` in milli).

use super::level::{FARTHEST, List, Merged, Told};
use crate::merge::MergeError;
use crate::merge::hit::{List as Members, order_of, push_number, write_typo};
use crate::merge::order::Leg;
use crate::merge::rank::{Key, number};
use crate::merge::values::Reader;
use crate::wire::answer::SearchAnswer;
use crate::wire::raw::{self, RawError, push_string};

/// Which level hits are of, from 0, and how many there are.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub level: usize,
    pub of: usize,
}

impl Place {
    /// How much of the words its hits have: no score among them is higher.
    pub fn share(self) -> f64 {
        (self.of - self.level) as f64 / self.of as f64
    }
}

/// The hits of a level as a leg of their own, with the scores of one server.
///
/// # Errors
/// When a hit is not what a server writes.
pub fn rescored(lists: &[List<'_>], merged: &Merged, place: Place) -> Result<Leg, MergeError> {
    let mut most_typos = None;
    for list in &merged.claimed {
        most_typos = most_typos.max(lists[*list].most_typos()?);
    }
    let mut readers: Vec<Reader> = lists
        .iter()
        .map(|list| Reader::of_words(as_number(list.kept.len()), list.kept.pairs()))
        .collect();
    let mut body = b"{\"hits\":".to_vec();
    let mut written = Members::open(b'[', &mut body);
    for told in &merged.hits {
        written.next(&mut body);
        let list = &lists[told.list];
        let words = as_number(list.kept.len());
        let rank = Rank {
            told,
            place,
            words,
            most_typos,
        };
        rank.write(list, &mut readers[told.list], &mut body)?;
    }
    written.close(b']', &mut body);
    body.extend_from_slice(b",\"estimatedTotalHits\":0}");
    let answer = SearchAnswer::parse(body.into())?;
    Ok(Leg {
        answer,
        asked: usize::MAX,
    })
}

/// What one server says of a hit.
struct Rank<'a> {
    told: &'a Told,
    place: Place,
    words: u32,
    most_typos: Option<u32>,
}

impl Rank<'_> {
    /// Appends the hit with its details and its score.
    fn write(
        &self,
        list: &List<'_>,
        reader: &mut Reader,
        out: &mut Vec<u8>,
    ) -> Result<(), RawError> {
        let answer = &list.legs[self.told.picked.leg].answer;
        let hit = &answer.hits[self.told.picked.hit];
        let Some(seen) = &hit.details else {
            out.extend_from_slice(answer.slice(&hit.whole));
            return Ok(());
        };
        let mut details = Vec::with_capacity(seen.len() + 128);
        self.write_details(answer.slice(seen), &mut details)?;
        let mut parts = vec![(seen.clone(), details.clone())];
        if let Some(score) = &hit.score {
            let (mut before, mut after) = (Key::default(), Key::default());
            before.read(answer.slice(seen))?;
            after.read(&details)?;
            let pairs = self.told.pairs;
            let known = number(answer.slice(score));
            let corrected = reader.corrected(before.entries(), known, after.entries(), pairs);
            let mut bytes = Vec::new();
            push_number(corrected, &mut bytes);
            parts.push((score.clone(), bytes));
        }
        parts.sort_by_key(|(span, _)| span.start);
        let mut at = hit.whole.start;
        for (span, bytes) in parts {
            out.extend_from_slice(answer.slice(&(at..span.start)));
            out.extend_from_slice(&bytes);
            at = span.end;
        }
        out.extend_from_slice(answer.slice(&(at..hit.whole.end)));
        Ok(())
    }

    fn write_details(&self, seen: &[u8], out: &mut Vec<u8>) -> Result<(), RawError> {
        let mut list = Members::open(b'{', out);
        for member in raw::members(seen) {
            let member = member?;
            list.next(out);
            self.write_rule(&member.key.decode(), member.value, out)?;
        }
        list.close(b'}', out);
        Ok(())
    }

    fn write_rule(&self, name: &str, seen: &[u8], out: &mut Vec<u8>) -> Result<(), RawError> {
        let order = order_of(seen)?;
        match (name, self.most_typos) {
            ("words", _) => {
                let Place { level, of } = self.place;
                let matching = of - level;
                let text = format!(
                    "\"words\":{{\"order\":{order},\"matchingWords\":{matching},\"maxMatchingWords\":{of},\"score\":"
                );
                out.extend_from_slice(text.as_bytes());
                push_share(matching as f64, of as f64, out);
            }
            ("typo", Some(most)) => write_typo(seen, most, out)?,
            ("proximity", _) => {
                let most = FARTHEST * f64::from(self.told.pairs) + 1.0;
                let text = format!("\"proximity\":{{\"order\":{order},\"score\":");
                out.extend_from_slice(text.as_bytes());
                push_share(most - f64::from(self.told.distance), most, out);
            }
            ("exactness", _) if self.told.forgets_exact => {
                let words = self.words;
                let text = format!(
                    "\"exactness\":{{\"order\":{order},\"matchType\":\"noExactMatch\",\"matchingWords\":{words},\"maxMatchingWords\":{words},\"score\":"
                );
                out.extend_from_slice(text.as_bytes());
                push_share(1.0, 3.0, out); // the last of three kinds of matches
            }
            _ => {
                push_string(name, out);
                out.push(b':');
                out.extend_from_slice(seen);
            }
        }
        Ok(())
    }
}

/// Appends a score as the last member of an object.
fn push_share(part: f64, whole: f64, out: &mut Vec<u8>) {
    push_number(part / whole, out);
    out.push(b'}');
}

fn as_number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
