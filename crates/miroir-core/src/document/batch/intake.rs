//! What is done with each document of a payload while it is in the processor's cache: names checked, key found.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Expiry, KeyName, Routes, Routing, Span, Target};
use crate::document::fields::FieldNames;
use crate::document::members::for_each_member;
use crate::document::primary_key::{self, Candidates, Repeats};
use crate::document::reserved::{
    LATEST_EXPIRY, Ownership, Reserved, refuse_document, refuse_expiry,
};
use crate::error::ApiError;
use crate::hash;
use crate::id::{Shard, ShardCount};
use crate::merge::normalize;

/// Takes documents in payload order.
pub(super) struct Intake<'d> {
    body: &'d [u8],
    reserved: Option<Reserved>,
    router: Option<Router<'d>>,
    documents: Vec<Span>,
    expiries: Vec<Expiry>,
    names: FieldNames,
    /// The first document that uses a reserved name or writes a wrong expiry. Reading goes on, because a malformed
    /// payload is the more important thing to say.
    refusal: Option<ApiError>,
}

/// What is known of a payload at its end.
pub(super) struct Taken {
    pub(super) documents: Vec<Span>,
    pub(super) expiries: Vec<Expiry>,
    pub(super) names: FieldNames,
    pub(super) routing: Option<Routing>,
}

impl<'d> Intake<'d> {
    pub(super) fn new(
        body: &'d [u8],
        reserved: Option<Reserved>,
        router: Option<Router<'d>>,
    ) -> Self {
        Self {
            body,
            reserved,
            router,
            documents: Vec::new(),
            expiries: Vec::new(),
            names: FieldNames::default(),
            refusal: None,
        }
    }

    /// Takes the next document, a slice of the body.
    ///
    /// # Errors
    /// When it is no object, or a key is no text.
    pub(super) fn document(&mut self, document: &'d RawValue) -> serde_json::Result<()> {
        if let Some(router) = &mut self.router {
            router.begin(document);
        }
        self.names.begin();
        for_each_member(document, |key, value| {
            self.names.member(key);
            if let Some(router) = &mut self.router {
                router.member(key, value);
            }
            if self.refusal.is_some() {
                return;
            }
            let ownership = self
                .reserved
                .map_or(Ownership::Client, |reserved| reserved.ownership(key));
            match ownership {
                Ownership::Client => {}
                Ownership::Miroir => {
                    self.refusal = Some(refuse_document(key, self.documents.len()))
                }
                Ownership::Expiry if value.get() == "null" => {}
                Ownership::Expiry => match value.get().parse() {
                    Ok(milliseconds) if milliseconds <= LATEST_EXPIRY => {
                        self.expiries.push(Expiry {
                            span: Span::of(value.get(), self.body),
                            milliseconds,
                        });
                    }
                    _ => self.refusal = Some(refuse_expiry(value.get(), self.documents.len())),
                },
            }
        })?;
        if let Some(router) = &mut self.router {
            router.end(document);
        }
        self.documents.push(Span::of(document.get(), self.body));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Taken, ApiError> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Taken {
                documents: self.documents,
                expiries: self.expiries,
                names: self.names,
                routing: self.router.map(Router::finish),
            }),
        }
    }
}

/// Finds shards, until a document makes it impossible.
pub(super) struct Router<'d> {
    count: ShardCount,
    repeats: Repeats,
    /// `None` until the first document has decided what the key is called.
    candidates: Option<Candidates<'d>>,
    shards: Vec<Shard>,
    ids_case_folded: bool,
    failure: Option<ApiError>,
}

impl<'d> Router<'d> {
    pub(super) fn new(target: Target<'_>, repeats: Repeats) -> Self {
        let candidates = match target.key {
            KeyName::Known(name) => Some(Candidates::new(name, repeats)),
            KeyName::Inferred => None,
        };
        Self {
            count: target.shards,
            repeats,
            candidates,
            shards: Vec::new(),
            ids_case_folded: true,
            failure: None,
        }
    }

    /// Before the members of a document.
    pub(super) fn begin(&mut self, document: &RawValue) {
        match &mut self.candidates {
            Some(candidates) => candidates.clear(),
            None if self.failure.is_some() => {}
            None => match primary_key::infer(document) {
                Ok(name) => self.candidates = Some(Candidates::new(name, self.repeats)),
                Err(error) => self.failure = Some(error),
            },
        }
    }

    #[inline]
    pub(super) fn member(&mut self, key: &str, value: &'d RawValue) {
        if let Some(candidates) = &mut self.candidates {
            candidates.member(key, value);
        }
    }

    /// After the members of a document.
    pub(super) fn end(&mut self, document: &RawValue) {
        let Some(candidates) = self.candidates.as_ref().filter(|_| self.failure.is_none()) else {
            return;
        };
        match candidates.key(document) {
            Ok(key) => {
                self.ids_case_folded &= matches!(normalize::facet(&key), Cow::Borrowed(_));
                self.shards.push(hash::shard_of(&key, self.count));
            }
            Err(error) => self.failure = Some(error),
        }
    }

    pub(super) fn finish(self) -> Routing {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(Routes {
                count: self.count,
                primary_key: self
                    .candidates
                    .map(|candidates| candidates.name().to_owned()),
                ids_case_folded: self.ids_case_folded,
                shards: self.shards,
            }),
        }
    }
}
