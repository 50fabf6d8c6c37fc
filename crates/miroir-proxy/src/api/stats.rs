//! `/stats` and `/indexes/{uid}/stats`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::id::ShardSet;
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::index::{SizeFormat, StatsParameters};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::authentication::Granted;
use crate::http::reply::{Failure, Reply};
use crate::request::resolve;
use crate::request::scatter::degraded;
use crate::request::stats::{self, IndexStats};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllStats {
    database_size: u64,
    used_database_size: u64,
    last_update: Option<String>,
    indexes: BTreeMap<String, IndexStats>,
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
    check(query.as_deref())?;
    let index = resolve::index(&app, &resolve::uid(&uid)?)?;
    let (stats, uncovered) = stats::index(&app, &index).await?;
    Ok(Reply::ok(&stats).degraded(degraded(uncovered)))
}

pub(crate) async fn all(
    State(app): State<Arc<App>>,
    Granted(access): Granted,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    check(query.as_deref())?;
    let mut indexes = BTreeMap::new();
    let mut uncovered = ShardSet::new();
    let mut last_update = None;
    for index in app
        .catalog
        .all()
        .values()
        .filter(|index| index.is_ready() && access.covers(index.row.uid.as_str()))
    {
        let (stats, missing) = stats::index(&app, index).await?;
        uncovered = uncovered.union(&missing);
        last_update = last_update.max(Some(index.row.updated_at.clone()));
        indexes.insert(index.row.uid.to_string(), stats);
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
        database_size: database_size / copies.max(1),
        used_database_size: used_database_size / copies.max(1),
        last_update,
        indexes,
    };
    Ok(Reply::ok(&all).degraded(degraded(uncovered)))
}

/// Sizes are shown raw; the other forms of a server come with the rest of its surface.
fn check(query: Option<&str>) -> Result<(), Failure> {
    let parameters: StatsParameters = from_query(query.unwrap_or_default())?;
    let wants_other = parameters.show_internal_database_sizes.0
        || parameters
            .size_format
            .is_some_and(|format| format != SizeFormat::Raw);
    if wants_other {
        return Err(Failure::new(
            miroir_core::error::Code::MiroirCapabilityDisabled,
            "This version of Miroir shows sizes in bytes only: leave out `sizeFormat` and `showInternalDatabaseSizes`.",
        ));
    }
    Ok(())
}
