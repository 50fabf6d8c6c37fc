//! `/stats` and `/indexes/{uid}/stats`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use indexmap::IndexMap;
use miroir_core::id::ShardSet;
use miroir_core::size::binary_size;
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::index::{SizeFormat, StatsParameters};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::reply::{Failure, Reply};
use crate::request::resolve;
use crate::request::scatter::degraded;
use crate::request::stats::{self, Allowance, IndexStats};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllStats {
    database_size: Size,
    used_database_size: Size,
    last_update: Option<String>,
    indexes: BTreeMap<String, IndexView>,
}

/// One index as clients read it; the order of the members is the server's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexView {
    number_of_documents: u64,
    raw_document_db_size: Size,
    avg_document_size: Size,
    is_indexing: bool,
    /// The largest first.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    internal_database_sizes: IndexMap<String, Size>,
    number_of_embeddings: u64,
    number_of_embedded_documents: u64,
    field_distribution: BTreeMap<String, u64>,
}

/// Bytes, in the form that the client wants.
#[derive(Serialize)]
#[serde(untagged)]
enum Size {
    Raw(u64),
    Human(String),
}

impl Size {
    fn new(bytes: u64, format: SizeFormat) -> Self {
        match format {
            SizeFormat::Raw => Self::Raw(bytes),
            SizeFormat::Human => Self::Human(binary_size(bytes)),
        }
    }
}

impl IndexView {
    fn new(stats: IndexStats, format: SizeFormat) -> Self {
        let mut internal: Vec<_> = stats.internal_database_sizes.into_iter().collect();
        internal.sort_by_key(|(_, bytes)| Reverse(*bytes));
        let internal = internal
            .into_iter()
            .map(|(name, bytes)| (name, Size::new(bytes, format)));
        Self {
            number_of_documents: stats.number_of_documents,
            raw_document_db_size: Size::new(stats.raw_document_db_size, format),
            avg_document_size: Size::new(stats.avg_document_size, format),
            is_indexing: stats.is_indexing,
            internal_database_sizes: internal.collect(),
            number_of_embeddings: stats.number_of_embeddings,
            number_of_embedded_documents: stats.number_of_embedded_documents,
            field_distribution: stats.field_distribution,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeSizes {
    database_size: u64,
    used_database_size: u64,
}

pub(crate) async fn index(
    State(app): State<Arc<App>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: StatsParameters = from_query(query.as_deref().unwrap_or_default())?;
    let format = parameters.size_format.unwrap_or_default();
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    let with_internal_sizes = parameters.show_internal_database_sizes.0;
    let mut allowance = Allowance::default();
    let (stats, uncovered) =
        stats::index(&app, &index, with_internal_sizes, &mut allowance).await?;
    let view = IndexView::new(stats, format);
    Ok(Reply::ok(&view).degraded(degraded(uncovered)))
}

pub(crate) async fn all(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: StatsParameters = from_query(query.as_deref().unwrap_or_default())?;
    let format = parameters.size_format.unwrap_or_default();
    let with_internal_sizes = parameters.show_internal_database_sizes.0;
    let mut allowance = Allowance::default();
    let mut indexes = BTreeMap::new();
    let mut uncovered = ShardSet::new();
    let mut last_update = None;
    for index in app
        .catalog
        .all()
        .values()
        .filter(|index| index.is_ready() && access.covers(index.row.uid.as_str()))
    {
        let (stats, missing) =
            stats::index(&app, index, with_internal_sizes, &mut allowance).await?;
        uncovered = uncovered.union(&missing);
        last_update = last_update.max(Some(index.row.updated_at.clone()));
        indexes.insert(index.row.uid.to_string(), IndexView::new(stats, format));
    }
    let topology = app.cluster.topology();
    let copies = topology.groups().len() as u64 * u64::from(topology.replication_factor());
    let (mut database_size, mut used_database_size) = (0, 0);
    for node in app.cluster.reachable() {
        if let Ok(answer) = app.cluster.read(&node, "/stats").await
            && let Ok(sizes) = answer.json::<NodeSizes>()
        {
            database_size += sizes.database_size;
            used_database_size += sizes.used_database_size;
        }
    }
    let all = AllStats {
        database_size: Size::new(database_size / copies.max(1), format),
        used_database_size: Size::new(used_database_size / copies.max(1), format),
        last_update,
        indexes,
    };
    Ok(Reply::ok(&all).degraded(degraded(uncovered)))
}
