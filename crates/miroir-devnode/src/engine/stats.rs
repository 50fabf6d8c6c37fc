//! What is counted of an index after each change.

use milli_core::{Error, Index};
use miroir_core::wire::time::Timestamp;

use crate::queue::state::{IndexEntry, IndexStats};

/// Refreshes `entry` from the index.
pub(crate) fn measure(index: &Index, entry: &mut IndexEntry) -> Result<(), Error> {
    let rtxn = index.read_txn()?;
    let embeddings = index.arroy_stats(&rtxn)?;
    let documents = index.documents_stats(&rtxn)?.unwrap_or_default();
    entry.primary_key = index.primary_key(&rtxn)?.map(str::to_owned);
    entry.updated_at = to_timestamp(index.updated_at(&rtxn)?.unix_timestamp_nanos());
    entry.stats = IndexStats {
        documents: index.number_of_documents(&rtxn)?,
        raw_size: documents.total_size(),
        average_size: documents
            .total_size()
            .checked_div(documents.number_of_entries())
            .unwrap_or(0),
        embeddings: embeddings.number_of_embeddings,
        embedded_documents: embeddings.documents.len(),
        field_distribution: index.field_distribution(&rtxn)?,
        size_on_disk: index.on_disk_size()?,
        size_used: index.used_size()?,
    };
    Ok(())
}

/// The engine's clock is another library's; both count from 1970.
fn to_timestamp(nanoseconds: i128) -> Timestamp {
    Timestamp::from_nanoseconds(nanoseconds).unwrap_or_else(crate::clock::now)
}
