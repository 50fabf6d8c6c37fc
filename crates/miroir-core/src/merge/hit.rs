//! One hit as the client gets it: the node's bytes without what Miroir added, in the order of the catalog.

use std::cell::RefCell;
use std::ops::Range;

use super::copied::{self, Shown};
use super::member_order::{self, Kind};
use super::rank::{Key, Rule};
use super::repair::Repair;
use super::request::{added_attributes, crop_name};
use super::view::IndexView;
use crate::wire::answer::{HitSpans, MemberSpans, SearchAnswer};
use crate::wire::raw::{self, RawError, Scanner, push_string};
use crate::wire::search::SearchQuery;

/// What to leave out of hits, worked out once for an answer.
pub struct HitWriter<'a> {
    query: &'a SearchQuery,
    view: &'a IndexView,
    /// Attributes in the hit that the client did not ask for.
    added: Vec<&'a str>,
    /// Those of them that are not in `_formatted` for another reason.
    added_formatted: Vec<&'a str>,
    hidden_rule: Option<String>,
    /// The vectors that were asked for are not to be shown.
    hides_vectors: bool,
    /// Present when scores are shown and some of them differ from those of one server.
    repair: Option<Repair>,
    /// Hits are mostly alike.
    before: RefCell<Before>,
}

/// The hit before.
#[derive(Default)]
struct Before {
    /// As written.
    keys: Vec<Box<[u8]>>,
    /// Whether its members could stay where they were.
    stayed: bool,
}

/// A hit in its answer.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    answer: &'a SearchAnswer,
    spans: &'a HitSpans,
}

impl<'a> Hit<'a> {
    pub(super) fn of(answer: &'a SearchAnswer, position: usize) -> Self {
        let spans = &answer.hits[position];
        Self { answer, spans }
    }

    fn details(self) -> &'a [u8] {
        self.part(&self.spans.details)
    }

    /// A part that some hits lack; both are the server's own members, in which an object stands for nothing.
    fn part(self, span: &Option<Range<usize>>) -> &'a [u8] {
        span.as_ref().map_or(b"{}", |span| self.answer.slice(span))
    }
}

impl<'a> HitWriter<'a> {
    pub fn new(query: &'a SearchQuery, view: &'a IndexView, repair: Option<Repair>) -> Self {
        let added = added_attributes(query, view);
        let highlighted = |name: &str| {
            query
                .attributes_to_highlight
                .iter()
                .flatten()
                .any(|other| other == "*" || other == name)
        };
        let cropped = |name: &str| {
            query
                .attributes_to_crop
                .iter()
                .flatten()
                .any(|other| crop_name(other) == "*" || crop_name(other) == name)
        };
        let is_formatted = |name: &str| view.shows(name) && (highlighted(name) || cropped(name));
        let added_formatted = added
            .iter()
            .copied()
            .filter(|name| !is_formatted(name))
            .collect();
        Self {
            query,
            view,
            added,
            added_formatted,
            hidden_rule: view.hidden_rule(query),
            hides_vectors: query.retrieve_vectors && !view.shows_vectors(),
            repair,
            before: RefCell::default(),
        }
    }

    /// Appends a hit to `out`: the bytes of the answer around what is left out or written anew, in the order of the catalog.
    ///
    /// # Errors
    /// When the hit is not what a server writes.
    pub fn write(
        &self,
        answer: &SearchAnswer,
        hit: &HitSpans,
        out: &mut Vec<u8>,
    ) -> Result<(), RawError> {
        let hit = Hit { answer, spans: hit };
        self.write_ranked(hit, hit, out)
    }

    /// The same for a document that was ranked in one answer and fetched in another: scores are those of `rank`.
    ///
    /// # Errors
    /// When a hit is not what a server writes.
    pub fn write_ranked(
        &self,
        document: Hit<'_>,
        rank: Hit<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), RawError> {
        let Hit { answer, spans: hit } = document;
        let is_kept = self.is_kept(answer, hit);
        let all;
        let members = if is_kept && self.added.is_empty() {
            answer.marked(hit)
        } else {
            all = answer.members(&hit.whole)?;
            &all
        };
        let decide =
            |member: &MemberSpans, new: &mut Vec<u8>| self.decide(document, rank, member, new);
        let (view, whole) = (self.view, &hit.whole);
        if is_kept {
            copied::write(answer, whole, members, decide, out)
        } else {
            let mut members = members.to_vec();
            member_order::arrange(view, Kind::Document, answer, &mut members);
            copied::write_anew(answer, &members, decide, out)
        }
    }

    /// Whether the members of a hit can stay where they are.
    fn is_kept(&self, answer: &SearchAnswer, hit: &HitSpans) -> bool {
        let keys = answer.keys(hit);
        let mut before = self.before.borrow_mut();
        let known = before.keys.iter().map(|key| &**key);
        if keys.len() != known.len() || !keys.clone().eq(known) {
            before.keys = keys.clone().map(Box::from).collect();
            before.stayed = member_order::is_kept(self.view, Kind::Document, keys);
        }
        before.stayed
    }

    /// Decides on a member of a hit.
    fn decide(
        &self,
        document: Hit<'_>,
        rank: Hit<'_>,
        member: &MemberSpans,
        new: &mut Vec<u8>,
    ) -> Result<Shown, RawError> {
        let Hit { answer, spans: hit } = document;
        let is = |span: &Option<Range<usize>>| span.as_ref() == Some(&member.value);
        let value = answer.slice(&member.value);
        if is(&hit.details) {
            if !self.query.show_ranking_score_details {
                return Ok(Shown::No);
            }
            self.write_details(rank.details(), new)?;
            return Ok(Shown::Anew);
        }
        if is(&hit.score) {
            if !self.query.show_ranking_score {
                return Ok(Shown::No);
            }
            self.write_score(rank, new)?;
            return Ok(Shown::Anew);
        }
        // A document may have fields of these names that are no objects.
        let object = value.first() == Some(&b'{');
        match answer.slice(&member.key) {
            b"\"_formatted\"" if object => {
                self.write_formatted(answer, &member.value, new)?;
                // A server shows no `_formatted` without a field in it.
                Ok(if new == b"{}" { Shown::No } else { Shown::Anew })
            }
            b"\"_vectors\"" if self.hides_vectors => Ok(Shown::No),
            b"\"_matchesPosition\"" if object => {
                raw::cut(value, |path| !self.shows_path(path), new)?;
                Ok(Shown::Anew)
            }
            _ => self.decide_on_field(answer, member, &self.added, new),
        }
    }

    fn write_formatted(
        &self,
        answer: &SearchAnswer,
        object: &Range<usize>,
        out: &mut Vec<u8>,
    ) -> Result<(), RawError> {
        let mut members = answer.members(object)?;
        let decide = |member: &MemberSpans, new: &mut Vec<u8>| {
            self.decide_on_field(answer, member, &self.added_formatted, new)
        };
        let keys = members.iter().map(|member| answer.slice(&member.key));
        if member_order::is_kept(self.view, Kind::Formatted, keys) {
            copied::write(answer, object, &members, decide, out)
        } else {
            member_order::arrange(self.view, Kind::Formatted, answer, &mut members);
            copied::write_anew(answer, &members, decide, out)
        }
    }

    /// Decides on a field of a document.
    fn decide_on_field(
        &self,
        answer: &SearchAnswer,
        member: &MemberSpans,
        added: &[&str],
        new: &mut Vec<u8>,
    ) -> Result<Shown, RawError> {
        let Some(key) = raw::text(answer.slice(&member.key)) else {
            return Ok(Shown::AsItIs);
        };
        if let (true, Some(plain)) = (added.is_empty(), key.plain()) {
            return Ok(match self.view.hides_bytes(plain) {
                true => Shown::No,
                false => Shown::AsItIs,
            });
        }
        let key = key.decode();
        if self.view.hides(&key) || added.iter().any(|name| *name == key) {
            return Ok(Shown::No);
        }
        let below = added
            .iter()
            .find_map(|name| name.strip_prefix(key.as_ref())?.strip_prefix('.'));
        let Some(path) = below else {
            return Ok(Shown::AsItIs);
        };
        cut_path(answer.slice(&member.value), path, new)?;
        Ok(if new == b"{}" { Shown::No } else { Shown::Anew })
    }

    /// Whether the client may see matches at a path, which is a field or lies below one.
    fn shows_path(&self, path: &str) -> bool {
        if self.view.hides(path) {
            return false;
        }
        let Some(displayed) = &self.view.displayed else {
            return true;
        };
        displayed.iter().any(|name| {
            path.strip_prefix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn write_score(&self, rank: Hit<'_>, out: &mut Vec<u8>) -> Result<(), RawError> {
        let score = rank.part(&rank.spans.score);
        if let Some(repair) = &self.repair {
            let mut key = Key::default();
            key.read(rank.details())?;
            if let Some(score) = repair.score(key.entries(), score) {
                push_number(score, out);
                return Ok(());
            }
        }
        out.extend_from_slice(score);
        Ok(())
    }

    fn write_details(&self, details: &[u8], out: &mut Vec<u8>) -> Result<(), RawError> {
        let mut key = Key::default();
        key.read(details)?;
        let most_typos = self
            .repair
            .as_ref()
            .and_then(|repair| repair.most_typos(key.entries()));
        let mut list = List::open(b'{', out);
        for member in raw::members(details) {
            let member = member?;
            let name = member.key.decode();
            if self.hidden_rule.as_deref() == Some(name.as_ref()) {
                continue;
            }
            list.next(out);
            if let Some(most) = most_typos
                && name == "typo"
            {
                write_typo(member.value, most, out)?;
            } else if self.is_redacted(&name) {
                let order = order_of(member.value)?;
                out.extend_from_slice(
                    format!(
                        "\"<hidden-rule-{order}>\":{{\"order\":{order},\"value\":\"<hidden>\"}}"
                    )
                    .as_bytes(),
                );
            } else {
                out.extend_from_slice(&details[member.span]);
            }
        }
        list.close(b'}', out);
        Ok(())
    }

    /// Whether one server would hide the values of a rule: those of a field that the user does not display. The server
    /// compares whole names here, also of nested fields.
    fn is_redacted(&self, rule: &str) -> bool {
        let Some(displayed) = &self.view.displayed else {
            return false;
        };
        let field = rule
            .strip_suffix(":asc")
            .or_else(|| rule.strip_suffix(":desc"));
        field.is_some_and(|field| {
            !field.starts_with("_geoPoint(") && !displayed.iter().any(|name| name == field)
        })
    }
}

/// The commas of an object or array being written.
pub(super) struct List {
    empty: bool,
}

impl List {
    pub(super) fn open(opening: u8, out: &mut Vec<u8>) -> Self {
        out.push(opening);
        Self { empty: true }
    }

    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        if !self.empty {
            out.push(b',');
        }
        self.empty = false;
    }

    pub(super) fn close(self, closing: u8, out: &mut Vec<u8>) {
        out.push(closing);
    }
}

/// Appends `value` without what lies at a dotted path in it. Arrays stand for each of their elements.
fn cut_path(value: &[u8], path: &str, out: &mut Vec<u8>) -> Result<(), RawError> {
    match value.first() {
        Some(b'{') => {
            let mut list = List::open(b'{', out);
            for member in raw::members(value) {
                let member = member?;
                let key = member.key.decode();
                match path.strip_prefix(key.as_ref()) {
                    Some("") => continue,
                    Some(rest) if rest.starts_with('.') => {
                        list.next(out);
                        push_string(&key, out);
                        out.push(b':');
                        cut_path(member.value, &rest[1..], out)?;
                    }
                    _ => {
                        list.next(out);
                        out.extend_from_slice(&value[member.span]);
                    }
                }
            }
            list.close(b'}', out);
        }
        Some(b'[') => {
            let mut list = List::open(b'[', out);
            for element in raw::elements(value) {
                list.next(out);
                cut_path(element?, path, out)?;
            }
            list.close(b']', out);
        }
        _ => out.extend_from_slice(value),
    }
    Ok(())
}

/// Appends the rule `typo` with another denominator.
pub(super) fn write_typo(entry: &[u8], most: u32, out: &mut Vec<u8>) -> Result<(), RawError> {
    let mut key = Key::default();
    let mut details = b"{\"typo\":".to_vec();
    details.extend_from_slice(entry);
    details.push(b'}');
    key.read(&details)?;
    if let Some((order, Rule::Typo { count, .. })) = key.entries().first() {
        let steps = f64::from(most) + 1.0;
        let text = format!(
            "\"typo\":{{\"order\":{order},\"typoCount\":{count},\"maxTypoCount\":{most},\"score\":"
        );
        out.extend_from_slice(text.as_bytes());
        push_number((steps - f64::from(*count)) / steps, out);
        out.push(b'}');
    }
    Ok(())
}

/// The place of a rule among the others, as written.
pub(super) fn order_of(entry: &[u8]) -> Result<String, RawError> {
    let mut scanner = Scanner::new(entry);
    scanner.enter_object()?;
    while let Some((key, _)) = scanner.next_key()? {
        let span = scanner.skip_value()?;
        if key.is("order") {
            return Ok(String::from_utf8_lossy(scanner.slice(&span)).into_owned());
        }
    }
    Ok("0".to_owned())
}

pub(super) fn push_number(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(&serde_json::to_vec(&number).expect("a number always serialises"));
}
