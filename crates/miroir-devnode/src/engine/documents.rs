//! Changing documents: additions, updates and deletions in one go through the engine's indexer.

use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use memmap2::{Mmap, MmapMut};
use milli_core::documents::PrimaryKey;
use milli_core::heed::RwTxn;
use milli_core::progress::Progress;
use milli_core::update::new::indexer::{self, DocumentDeletion, DocumentOperation};
use milli_core::{Error, Filter, Index, UserError};
use roaring::RoaringBitmap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Engine;
use crate::queue::task::Method;

/// One task's part of a batch.
pub(crate) enum Operation {
    Write { method: Method, payload: Mmap },
    Delete { ids: Vec<String> },
}

/// What became of one operation: the number of distinct documents it named, or why the whole operation was left out.
pub(crate) struct Outcome {
    pub(crate) count: u64,
    pub(crate) error: Option<UserError>,
}

/// A payload in memory the way the indexer wants it. It is copied: mapping the file itself would be unsound if somebody
/// changed the file, and payloads are short-lived.
pub(crate) fn payload(bytes: &[u8]) -> std::io::Result<Mmap> {
    let mut map = MmapMut::map_anon(bytes.len())?;
    map.copy_from_slice(bytes);
    map.make_read_only()
}

/// Applies the operations in order. An operation with a bad document fails alone, with nothing of it applied; an error
/// found while indexing fails them all.
pub(crate) fn apply(
    engine: &Engine,
    index: &Index,
    wtxn: &mut RwTxn<'_>,
    operations: &[Operation],
    primary_key: Option<&str>,
    stop: &AtomicBool,
) -> Result<Vec<Outcome>, Error> {
    let must_stop = || stop.load(Ordering::Relaxed);
    let progress = Progress::default();
    let allocator = Bump::new();
    let rtxn = index.read_txn()?;
    let known_fields = index.fields_ids_map(&rtxn)?;
    let mut fields = known_fields.clone();
    let embedders = engine.embedders.configure(index.embedding_configs(wtxn)?)?;

    let ids: Vec<Vec<&str>> = operations
        .iter()
        .map(|operation| match operation {
            Operation::Write { .. } => Vec::new(),
            Operation::Delete { ids } => ids.iter().map(String::as_str).collect(),
        })
        .collect();
    let mut changes = DocumentOperation::new();
    for (operation, ids) in operations.iter().zip(&ids) {
        match operation {
            Operation::Write {
                method: Method::Replace,
                payload,
            } => changes.replace_documents(payload)?,
            Operation::Write {
                method: Method::Update,
                payload,
            } => changes.update_documents(payload)?,
            Operation::Delete { .. } => changes.delete_documents(ids),
        }
    }
    let (changes, stats, new_primary_key) = changes.into_changes(
        &allocator,
        index,
        &rtxn,
        primary_key,
        &mut fields,
        &must_stop,
        progress.clone(),
    )?;
    let outcomes: Vec<Outcome> = stats
        .into_iter()
        .map(|stats| Outcome {
            count: stats.document_count,
            error: stats.error,
        })
        .collect();
    if outcomes.iter().all(|outcome| outcome.error.is_some()) {
        return Ok(outcomes);
    }
    indexer::index(
        wtxn,
        index,
        pool(engine),
        engine.indexer().grenad_parameters(),
        &known_fields,
        fields,
        new_primary_key,
        &changes,
        embedders,
        &must_stop,
        &progress,
    )?;
    Ok(outcomes)
}

/// Deletes documents by internal number.
pub(crate) fn delete(
    engine: &Engine,
    index: &Index,
    wtxn: &mut RwTxn<'_>,
    doomed: RoaringBitmap,
    stop: &AtomicBool,
) -> Result<(), Error> {
    if doomed.is_empty() {
        return Ok(());
    }
    let allocator = Bump::new();
    let rtxn = index.read_txn()?;
    let known_fields = index.fields_ids_map(&rtxn)?;
    let mut fields = known_fields.clone();
    let Some(primary_key) = index.primary_key(&rtxn)? else {
        return Ok(());
    };
    let primary_key = PrimaryKey::new_or_insert(primary_key, &mut fields)?;
    let embedders = engine.embedders.configure(index.embedding_configs(wtxn)?)?;
    let mut deletion = DocumentDeletion::new();
    deletion.delete_documents_by_docids(doomed);
    let changes = deletion.into_changes(&allocator, primary_key);
    indexer::index(
        wtxn,
        index,
        pool(engine),
        engine.indexer().grenad_parameters(),
        &known_fields,
        fields,
        None,
        &changes,
        embedders,
        &|| stop.load(Ordering::Relaxed),
        &Progress::default(),
    )?;
    Ok(())
}

/// The internal numbers of the documents with these ids.
pub(crate) fn by_ids(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    ids: &[String],
) -> Result<RoaringBitmap, Error> {
    let known = index.external_documents_ids();
    let mut found = RoaringBitmap::new();
    for id in ids {
        if let Some(number) = known.get(rtxn, id)? {
            found.insert(number);
        }
    }
    Ok(found)
}

/// The internal numbers of the documents that match a filter; a filter of nothing matches nothing.
pub(crate) fn by_filter(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    filter: &Value,
) -> Result<RoaringBitmap, Error> {
    match Filter::from_json(filter)? {
        Some(filter) => filter.evaluate(rtxn, index),
        None => Ok(RoaringBitmap::new()),
    }
}

/// The payload without the documents whose id is not in the index. A document without a usable id stays, so that the
/// indexer reports it.
pub(crate) fn only_existing(
    index: &Index,
    rtxn: &milli_core::heed::RoTxn<'_>,
    payload: &[u8],
    primary_key: &str,
) -> Result<Vec<u8>, Error> {
    let known = index.external_documents_ids();
    let mut kept = Vec::with_capacity(payload.len());
    for document in serde_json::Deserializer::from_slice(payload).into_iter::<&RawValue>() {
        let document = document.map_err(milli_core::InternalError::SerdeJson)?;
        let object: Value =
            serde_json::from_str(document.get()).map_err(milli_core::InternalError::SerdeJson)?;
        let id = object
            .get(primary_key)
            .cloned()
            .and_then(|id| milli_core::documents::validate_document_id_value(id).ok());
        let missing = match id {
            Some(id) => known.get(rtxn, &id)?.is_none(),
            None => false,
        };
        if !missing {
            kept.extend_from_slice(document.get().as_bytes());
            kept.push(b'\n');
        }
    }
    Ok(kept)
}

fn pool(engine: &Engine) -> &milli_core::ThreadPoolNoAbort {
    engine
        .indexer()
        .thread_pool
        .as_ref()
        .expect("the engine is built with a pool")
}
