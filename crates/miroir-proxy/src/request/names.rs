//! Names change: swaps and renames, as one write to the catalog. No node is asked.
//!
//! Whoever changes names holds the turns of all of them until it is done, so that what was written before is written, and can be
//! read, under the old names, and what comes after finds the new ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use miroir_core::error::ApiError;
use miroir_core::id::{IndexUid, NodeUid, TaskUid};
use miroir_core::wire::index::SwapIndexes;
use miroir_core::wire::task::{TaskKind, TaskStatus};
use miroir_store::table::{CatalogRow, TaskRow};
use miroir_store::{Json, StoreError, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock;
use crate::cluster::sequencer::Turn;
use crate::fault::{self, Fault};
use crate::http::reply::{Failure, chain};
use crate::request::dispatch::{Accepted, Follower, conclude, new_row, record};
use crate::request::indexes::{Rekeyed, is_taken, rekey, rekey_for_a_rename, take_turn};
use crate::tasks::{Work, finish_now};

/// After the store took no write.
const PAUSE: Duration = Duration::from_secs(1);

/// Two names change places; of a rename the second one is free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) indexes: (IndexUid, IndexUid),
    pub(crate) rename: bool,
}

/// The turns of several names, taken in the order of names: two that need the same ones never wait for each other.
pub(crate) type Turns = BTreeMap<IndexUid, Turn>;

/// The body of `POST /swap-indexes`, checked as a server checks it at once.
pub(crate) fn exchanges(
    swaps: Vec<SwapIndexes>,
    may_swap: impl Fn(&str) -> bool,
) -> Result<Vec<Exchange>, ApiError> {
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    let mut exchanges = Vec::new();
    for swap in swaps {
        let names: Vec<String> = swap.indexes.into_iter().map(|uid| uid.0).collect();
        let [left, right] = <[String; 2]>::try_from(names)
            .map_err(|names| ApiError::swap_of_wrong_length(&names))?;
        if !may_swap(&left) || !may_swap(&right) {
            return Err(ApiError::invalid_api_key());
        }
        for name in [&left, &right] {
            if !seen.insert(name.clone()) {
                repeated.insert(name.clone());
            }
        }
        let uid = |name: &str| name.parse().map_err(|_| ApiError::invalid_index_uid(name));
        exchanges.push(Exchange {
            indexes: (uid(&left)?, uid(&right)?),
            rename: swap.rename,
        });
    }
    if !repeated.is_empty() {
        return Err(ApiError::swap_duplicates(&Vec::from_iter(repeated)));
    }
    Ok(exchanges)
}

/// `POST /swap-indexes`.
pub(crate) async fn swap(app: &Arc<App>, exchanges: Vec<Exchange>) -> Result<Accepted, Failure> {
    let kind = TaskKind::IndexSwap;
    let details = Map::from_iter([("swaps".to_owned(), json!(exchanges))]);
    let turns = take_turns(app, &exchanges).await?;
    let mut found = BTreeSet::new();
    for Exchange { indexes, .. } in exchanges.iter().filter(|exchange| exchange.rename) {
        if turns[&indexes.1].is_some() || is_taken(app, &indexes.1).await? {
            found.insert(indexes);
        }
    }
    let missing = |name: &&IndexUid| turns[*name].is_none();
    let needed = exchanges.iter().flat_map(|Exchange { indexes, rename }| {
        let second = (!rename).then_some(&indexes.1);
        [&indexes.0].into_iter().chain(second)
    });
    let missing: BTreeSet<&IndexUid> = needed.filter(missing).collect();
    let error = match (
        Vec::from_iter(missing).as_slice(),
        Vec::from_iter(found).as_slice(),
    ) {
        ([], []) => None,
        ([name], _) => Some(ApiError::index_not_found(name)),
        ([], [(from, to)]) => Some(ApiError::rename_onto_existing(from, to)),
        ([], found) => {
            let names: Vec<&IndexUid> = found.iter().map(|(_, to)| to).collect();
            Some(ApiError::renames_onto_existing(&names))
        }
        (names, _) => Some(ApiError::indexes_not_found(names)),
    };
    if error.is_some() || exchanges.is_empty() {
        return conclude(app, None, kind, details, None, error).await;
    }
    let row = new_row(None, kind, &details, None);
    begin(app, row, exchanges, None, turns).await
}

/// `PATCH /indexes/{uid}` with another uid, and maybe a primary key. A server renames first: a key that it refuses then fails the
/// task, and the name is the new one.
pub(crate) async fn rename(
    app: &Arc<App>,
    uid: IndexUid,
    new: IndexUid,
    primary_key: Option<String>,
) -> Result<Accepted, Failure> {
    let kind = TaskKind::IndexUpdate;
    let details = Map::from_iter([
        ("primaryKey".to_owned(), json!(primary_key)),
        ("oldIndexUid".to_owned(), json!(uid)),
        ("newIndexUid".to_owned(), json!(new)),
    ]);
    let exchanges = vec![Exchange {
        indexes: (uid.clone(), new.clone()),
        rename: true,
    }];
    let row = new_row(Some(uid.clone()), kind, &details, None);
    let mut refused = None;
    match primary_key {
        Some(key) if uid == new => return rekey(app, uid, Some(key), details).await,
        Some(key) if app.catalog.get(&new).is_none() && !is_taken(app, &new).await? => {
            let follower = Follower {
                row: row.clone(),
                exchanges: exchanges.clone(),
            };
            match rekey_for_a_rename(app, uid.clone(), &new, key, follower).await? {
                Rekeyed::Begun(accepted) => return Ok(*accepted),
                Rekeyed::Refused(error) => refused = Some(error),
                Rekeyed::Unneeded => {}
            }
        }
        _ => {}
    }
    let turns = take_turns(app, &exchanges).await?;
    let error = if turns[&uid].is_none() {
        Some(ApiError::index_not_found(&uid))
    } else if uid != new && (turns[&new].is_some() || is_taken(app, &new).await?) {
        Some(ApiError::index_already_exists(&new))
    } else {
        None
    };
    if error.is_some() || uid == new {
        return conclude(app, Some(uid), kind, details, None, error).await;
    }
    begin(app, row, exchanges, refused, turns).await
}

/// Goes on where a write has begun that is a part of the task.
pub(crate) fn follow(app: &Arc<App>, uid: TaskUid, exchanges: Vec<Exchange>, part: TaskUid) {
    let app = Arc::clone(app);
    app.clone().spawn_worker(async move {
        let turns = loop {
            match take_turns(&app, &exchanges).await {
                Ok(turns) => break turns,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        };
        carry_out(app, uid, exchanges, (None, Some(part)), turns).await;
    });
}

async fn take_turns(app: &App, exchanges: &[Exchange]) -> Result<Turns, Failure> {
    let mut turns = Turns::new();
    let names: BTreeSet<&IndexUid> = exchanges
        .iter()
        .flat_map(|exchange| [&exchange.indexes.0, &exchange.indexes.1])
        .collect();
    for name in names {
        turns.insert(name.clone(), take_turn(app, name).await?);
    }
    Ok(turns)
}

/// The task is durable when this returns; the rest goes on in the background.
async fn begin(
    app: &Arc<App>,
    row: TaskRow,
    exchanges: Vec<Exchange>,
    refused: Option<ApiError>,
    turns: Turns,
) -> Result<Accepted, Failure> {
    let refused = refused.map(|error| json!(error));
    let work = Work::ExchangeNames {
        exchanges: exchanges.clone(),
        refused: refused.clone(),
        part: None,
    };
    fault::point(Fault::NamesSequenced);
    let task = record(app, row, &work).await?;
    fault::point(Fault::NamesRecorded);
    app.spawn_worker(carry_out(
        Arc::clone(app),
        task.uid,
        exchanges,
        (refused, None),
        turns,
    ));
    Ok(Accepted {
        task,
        degraded: None,
    })
}

/// Waits until every earlier task of the indexes has ended, and changes the names. What else was `refused` of the task fails it all
/// the same; a part that has failed leaves the names as they are. Harmless to repeat after a restart.
pub(crate) async fn carry_out(
    app: Arc<App>,
    uid: TaskUid,
    exchanges: Vec<Exchange>,
    (refused, part): (Option<Value>, Option<TaskUid>),
    mut turns: Turns,
) {
    let started_at = clock::now_ns();
    let heads = turns.values().filter_map(|turn| turn.as_ref());
    let node_uids: Vec<NodeUid> = heads.map(|head| head.node_uid.clone()).collect();
    for node_uid in &node_uids {
        app.open_tasks.closed_up_to(node_uid, uid).await;
    }
    fault::point(Fault::NamesAwaited);
    let renames = renames(&exchanges);
    app.open_tasks.conceal(uid);
    let renamed = loop {
        let (names, both_ways) = (renames.clone(), exchanges.clone());
        let error = refused.as_ref().map(Json::of);
        let written = app
            .store
            .write(move |tx| exchange(tx, (uid, part), &names, &both_ways, error, started_at))
            .await;
        match written {
            Ok(Some(renamed)) => break renamed,
            Ok(None) => {
                app.open_tasks.reveal(uid);
                app.task_ended(TaskStatus::Failed);
                return;
            }
            Err(error) => {
                tracing::warn!(task_uid = uid.0, error = %chain(&error), "names cannot be exchanged yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    fault::point(Fault::NamesExchanged);
    app.catalog.rename(&renamed);
    app.open_tasks.reveal(uid);
    app.task_ended(match refused {
        None => TaskStatus::Succeeded,
        Some(_) => TaskStatus::Failed,
    });
    let mut heads: BTreeMap<&IndexUid, _> = BTreeMap::new();
    for (old, new) in &renames {
        heads.insert(new, turns.get_mut(old).and_then(|turn| turn.take()));
    }
    for (name, head) in heads {
        if let Some(turn) = turns.get_mut(name) {
            **turn = head;
        }
    }
}

/// Every index that gets another name, and that name.
fn renames(exchanges: &[Exchange]) -> Vec<(IndexUid, IndexUid)> {
    let both = |Exchange { indexes, rename }: &Exchange| {
        let (left, right) = indexes.clone();
        let back = (!rename).then(|| (right.clone(), left.clone()));
        [(left, right)].into_iter().chain(back)
    };
    exchanges.iter().flat_map(both).collect()
}

/// The one change of the store: the old names, and the rows with the new ones. None: a part of the task has failed, an index
/// has gone meanwhile (its creation has failed), or one has come that has the name. The task fails with that.
fn exchange(
    tx: &mut dyn Transaction,
    (uid, part): (TaskUid, Option<TaskUid>),
    renames: &[(IndexUid, IndexUid)],
    exchanges: &[Exchange],
    refused: Option<Json>,
    started_at: i64,
) -> Result<Option<Vec<(IndexUid, CatalogRow)>>, StoreError> {
    let Some(mut task) = tx.tasks().get(uid)? else {
        return Ok(None);
    };
    let part = part.map(|part| tx.tasks().get(part)).transpose()?.flatten();
    let mut error = part.and_then(|part| part.error);
    let mut renamed = Vec::new();
    for (old, new) in renames {
        match tx.catalog().get(old)? {
            Some(mut row) => {
                row.uid = new.clone();
                if task.kind == TaskKind::IndexUpdate {
                    row.updated_at = clock::now().to_string();
                }
                renamed.push((old.clone(), row));
            }
            None => error = Some(Json::of(&ApiError::index_not_found(old))),
        }
        let is_free = renames.iter().any(|(other, _)| other == new);
        if !is_free && tx.catalog().get(new)?.is_some() {
            error = Some(Json::of(&ApiError::index_already_exists(new)));
        }
    }
    let is_done = error.is_none();
    if is_done {
        for (old, _) in renames {
            tx.catalog().delete(old)?;
        }
        for (_, row) in &renamed {
            tx.catalog().put(row)?;
        }
        // Tasks of an index that once had the new name follow the other way, as on a server.
        let both_ways: Vec<(IndexUid, IndexUid)> = exchanges
            .iter()
            .flat_map(
                |Exchange {
                     indexes: (left, right),
                     ..
                 }| {
                    [(left.clone(), right.clone()), (right.clone(), left.clone())]
                },
            )
            .collect();
        tx.tasks().rename_indexes(&both_ways, uid)?;
    }
    let batch = tx.sequences().next(miroir_store::table::BATCH_UID)?;
    let details = task.details.clone();
    let error = error.or(refused);
    finish_now(&mut task, batch, error, details, started_at);
    tx.tasks().update(&task)?;
    Ok(is_done.then_some(renamed))
}

#[cfg(test)]
mod tests {
    use miroir_core::wire::index::SwapIndexes;

    use super::{exchanges, renames};

    fn read(text: &str) -> Vec<SwapIndexes> {
        miroir_core::wire::deserialize::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn swaps_go_both_ways_and_renames_one() {
        let swaps = read(r#"[{"indexes":["a","b"]},{"indexes":["c","d"],"rename":true}]"#);
        let names: Vec<(String, String)> = renames(&exchanges(swaps, |_| true).unwrap())
            .into_iter()
            .map(|(old, new)| (old.to_string(), new.to_string()))
            .collect();
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        assert_eq!(names, [pair("a", "b"), pair("b", "a"), pair("c", "d")]);
    }

    #[test]
    fn a_name_is_given_once() {
        let refused = |text: &str| exchanges(read(text), |_| true).is_err();
        assert!(refused(r#"[{"indexes":["a","b"]},{"indexes":["b","c"]}]"#));
        assert!(refused(r#"[{"indexes":["a"]}]"#));
        assert!(exchanges(read(r#"[{"indexes":["a","b"]}]"#), |uid| uid == "a").is_err());
    }
}
