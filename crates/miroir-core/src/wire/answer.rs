//! A node's answer to a search as slices of its body.
//!
//! One pass finds every hit and, inside each, the few members that the merge reads. Nothing is decoded or copied. Hits are
//! trusted to be JSON, as a Meilisearch server writes them: only their structure is followed. An answer shares its body with
//! whoever received it, so it can be kept for as long as a request has rounds.

use std::ops::Range;

use bytes::Bytes;

use super::raw::{self, Problem, RawError, Scanner};

/// What one node answered to one search.
#[derive(Debug, Clone)]
pub struct SearchAnswer {
    body: Bytes,
    /// In the node's order, best first.
    pub hits: Vec<HitSpans>,
    /// Of all hits, the members that may not be the document's: [`HitSpans::marked`] says which are whose.
    marked: Vec<MemberSpans>,
    /// Of all hits, the keys with their quotes. Hits that follow each other and have the same keys share them.
    keys: Vec<Range<usize>>,
    /// `estimatedTotalHits` or `totalHits`, whichever the node's mode of pages gives.
    pub total: u64,
    pub processing_time_ms: u64,
    facet_distribution: Option<Range<usize>>,
    facet_stats: Option<Range<usize>>,
    query_vector: Option<Range<usize>>,
    pub semantic_hit_count: Option<u64>,
    performance_details: Option<Range<usize>>,
}

/// Where a hit lies in the body of its answer. The server writes its own members after the document's, so the last one
/// of a name is the server's even if the document has a field of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitSpans {
    pub whole: Range<usize>,
    /// Value of `_rankingScoreDetails`.
    pub details: Option<Range<usize>>,
    /// Value of `_rankingScore`.
    pub score: Option<Range<usize>>,
    /// See [`SearchAnswer::marked`].
    marked: Range<usize>,
    /// See [`SearchAnswer::keys`].
    keys: Range<usize>,
}

/// Where a member of a hit lies in the body of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSpans {
    /// Where the member before it ends, or the object begins.
    pub after: usize,
    /// The key, with its quotes.
    pub key: Range<usize>,
    pub value: Range<usize>,
}

impl SearchAnswer {
    /// Reads the body of a 200 answer to a search. All but the hits is checked to be JSON.
    ///
    /// # Errors
    /// When it is not JSON, or lacks `hits` or a total.
    pub fn parse(body: Bytes) -> Result<Self, RawError> {
        let mut answer = Self {
            body: body.clone(),
            hits: Vec::new(),
            marked: Vec::new(),
            keys: Vec::new(),
            total: 0,
            processing_time_ms: 0,
            facet_distribution: None,
            facet_stats: None,
            query_vector: None,
            semantic_hit_count: None,
            performance_details: None,
        };
        let mut found_hits = false;
        let mut found_total = false;
        let mut scanner = Scanner::new(&body);
        scanner.enter_object()?;
        while let Some((key, _)) = scanner.next_key()? {
            match key.raw() {
                b"hits" => {
                    found_hits = true;
                    answer.read_hits(&body, &mut scanner)?;
                }
                b"estimatedTotalHits" | b"totalHits" => {
                    found_total = true;
                    answer.total = integer(&mut scanner)?;
                }
                b"processingTimeMs" => answer.processing_time_ms = integer(&mut scanner)?,
                b"semanticHitCount" => answer.semantic_hit_count = Some(integer(&mut scanner)?),
                b"facetDistribution" => answer.facet_distribution = Some(scanner.skip_value()?),
                b"facetStats" => answer.facet_stats = Some(scanner.skip_value()?),
                b"queryVector" => answer.query_vector = Some(scanner.skip_value()?),
                b"performanceDetails" => answer.performance_details = Some(scanner.skip_value()?),
                _ => {
                    scanner.skip_value()?;
                }
            }
        }
        scanner.finish()?;
        if found_hits && found_total {
            Ok(answer)
        } else {
            Err(RawError {
                offset: body.len(),
                problem: Problem::UnexpectedEnd,
            })
        }
    }

    /// The bytes of a span of this answer.
    pub fn slice(&self, span: &Range<usize>) -> &[u8] {
        &self.body[span.start..span.end]
    }

    /// The rest of the body from a place in it.
    pub fn rest(&self, position: usize) -> &[u8] {
        &self.body[position..]
    }

    /// Raw object of facet name to (raw object of value to count).
    pub fn facet_distribution(&self) -> Option<&[u8]> {
        self.facet_distribution
            .as_ref()
            .map(|span| self.slice(span))
    }

    /// Raw object of facet name to `{"min":f64,"max":f64}`.
    pub fn facet_stats(&self) -> Option<&[u8]> {
        self.facet_stats.as_ref().map(|span| self.slice(span))
    }

    /// Raw array of numbers.
    pub fn query_vector(&self) -> Option<&[u8]> {
        self.query_vector.as_ref().map(|span| self.slice(span))
    }

    /// Raw object of step name to duration.
    pub fn performance_details(&self) -> Option<&[u8]> {
        self.performance_details
            .as_ref()
            .map(|span| self.slice(span))
    }

    /// The members of a hit whose names, as written, begin with `_` or an escape, in order. Only such names are Miroir's
    /// or the server's.
    pub fn marked(&self, hit: &HitSpans) -> &[MemberSpans] {
        &self.marked[hit.marked.clone()]
    }

    /// The keys of a hit, with their quotes, in order.
    pub fn keys(&self, hit: &HitSpans) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.keys[hit.keys.clone()]
            .iter()
            .map(|span| self.slice(span))
    }

    /// The value of the first member of this name of a hit.
    ///
    /// # Errors
    /// When the hit is no object.
    pub fn member(&self, hit: &HitSpans, name: &str) -> Result<Option<&[u8]>, RawError> {
        let mut scanner = Scanner::new(&self.body[..hit.whole.end]);
        scanner.jump(hit.whole.start);
        scanner.enter_object()?;
        while let Some((key, _)) = scanner.next_trusted_key()? {
            let value = scanner.skip_trusted_value();
            if key.is(name) {
                return Ok(Some(self.slice(&value)));
            }
        }
        Ok(None)
    }

    /// All members of an object that lies at `object` in the body.
    ///
    /// # Errors
    /// When it is no object.
    pub fn members(&self, object: &Range<usize>) -> Result<Vec<MemberSpans>, RawError> {
        let mut scanner = Scanner::new(&self.body[..object.end]);
        scanner.jump(object.start);
        let mut members = Vec::new();
        scanner.enter_object()?;
        let mut after = scanner.position();
        while let Some((key, start)) = scanner.next_trusted_key()? {
            let value = scanner.skip_trusted_value();
            let key = start..start + key.raw().len() + 2;
            let end = value.end;
            members.push(MemberSpans { after, key, value });
            after = end;
        }
        Ok(members)
    }

    fn read_hits(&mut self, body: &[u8], scanner: &mut Scanner<'_>) -> Result<(), RawError> {
        self.hits.clear();
        self.marked.clear();
        self.keys.clear();
        let mut keys = 0..0;
        let mut details_before = Details::default();
        scanner.enter_array()?;
        while scanner.next_element()? {
            scanner.peek();
            let start = scanner.position();
            let first_marked = self.marked.len();
            let mut details = None;
            let mut score = None;
            scanner.enter_object()?;
            let mut after = scanner.position();
            let mut count = 0;
            while let Some((key, key_start)) = scanner.next_trusted_key()? {
                let key_end = key_start + key.raw().len() + 2;
                self.note_key(body, &mut keys, count, key_start..key_end);
                count += 1;
                if !matches!(key.raw().first(), Some(b'_' | b'\\')) {
                    after = scanner.skip_trusted_value().end;
                    continue;
                }
                let value = match key.raw() {
                    b"_rankingScoreDetails" => {
                        let span = details_before.skip(body, scanner)?;
                        details = Some(span.clone());
                        span
                    }
                    b"_rankingScore" => {
                        let span = scanner.skip_trusted_value();
                        score = Some(span.clone());
                        span
                    }
                    _ => scanner.skip_trusted_value(),
                };
                let end = value.end;
                self.marked.push(MemberSpans {
                    after,
                    key: key_start..key_end,
                    value,
                });
                after = end;
            }
            keys.end = keys.start + count;
            self.hits.push(HitSpans {
                whole: start..scanner.position(),
                details,
                score,
                marked: first_marked..self.marked.len(),
                keys: keys.clone(),
            });
        }
        Ok(())
    }

    /// Takes the key of a hit's member number `at`, given the keys of the hit before or, from the first that differs on, its
    /// own, which are the last ones then.
    #[inline]
    fn note_key(&mut self, body: &[u8], keys: &mut Range<usize>, at: usize, key: Range<usize>) {
        let known = self.keys[keys.clone()].get(at);
        if known.is_some_and(|known| body[known.clone()] == body[key.clone()]) {
            return;
        }
        if keys.start + at < self.keys.len() {
            let own = self.keys.len();
            self.keys.extend_from_within(keys.start..keys.start + at);
            *keys = own..own + at;
        }
        self.keys.push(key);
        keys.end += 1;
    }
}

/// The details of the hit before. Hits that follow each other agree in most of them, and bytes that are the same need not
/// be scanned again.
#[derive(Default)]
struct Details {
    span: Range<usize>,
    /// Where its members end, counted from its start.
    ends: Vec<usize>,
}

impl Details {
    fn skip(&mut self, body: &[u8], scanner: &mut Scanner<'_>) -> Result<Range<usize>, RawError> {
        if scanner.peek() != Some(b'{') {
            return Ok(scanner.skip_trusted_value());
        }
        let start = scanner.position();
        let same = raw::common_prefix(&body[self.span.clone()], &body[start..]);
        // A number goes on where the byte after it is another one.
        let known = self.ends.partition_point(|end| *end < same);
        self.ends.truncate(known);
        scanner.enter_object()?;
        if let Some(end) = self.ends.last() {
            scanner.jump(start + end);
        }
        while scanner.next_trusted_key()?.is_some() {
            self.ends.push(scanner.skip_trusted_value().end - start);
        }
        self.span = start..scanner.position();
        Ok(self.span.clone())
    }
}

fn integer(scanner: &mut Scanner<'_>) -> Result<u64, RawError> {
    let span = scanner.skip_value()?;
    let number = std::str::from_utf8(scanner.slice(&span))
        .ok()
        .and_then(|text| text.parse().ok());
    number.ok_or(RawError {
        offset: span.start,
        problem: Problem::InvalidNumber,
    })
}
