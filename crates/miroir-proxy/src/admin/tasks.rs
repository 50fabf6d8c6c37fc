//! `/_miroir/tasks`: every task, Miroir's own included, with what became of it on each node.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use miroir_core::access::Access;
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{NodeId, TaskUid};
use miroir_core::wire::deserialize::from_query;
use miroir_core::wire::task::{TaskFilter, TaskList, TaskListParameters, TaskPage, TaskView};
use miroir_store::table::{NodeTaskRow, NodeTaskState, TaskListFilter, TaskRow};
use miroir_store::{Json, StoreError};
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::clock;
use crate::http::reply::{Failure, Reply};
use crate::tasks;

#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    task: TaskView,
    miroir_task_id: String,
    /// Operations are not built in this version.
    operation_id: Option<String>,
    origin: &'static str,
    node_tasks: Vec<NodeView>,
}

/// One request to one node.
#[derive(Serialize)]
struct NodeView {
    node: NodeId,
    shards: Vec<u16>,
    node_task_uid: Option<u32>,
    status: &'static str,
    error: Option<Value>,
    /// The node's copy of one of the shards serves no reads now.
    stale: bool,
}

/// The parameters of `GET /tasks`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Result<Reply, Failure> {
    let parameters: TaskListParameters = from_query(query.as_deref().unwrap_or_default())?;
    let list = TaskList::from(parameters);
    let limit = list.limit;
    let page = tasks::page(&list);
    let filter = with_hidden(tasks::store_filter(&app, list.filter));
    let (rows, total) = app
        .store
        .read(move |tx| {
            let page = tx.tasks().list(&filter, &page)?;
            let with_legs = |row: TaskRow| Ok((tx.node_tasks().for_task(row.uid)?, row));
            let rows: Result<Vec<_>, StoreError> = page.rows.into_iter().map(with_legs).collect();
            Ok((rows?, page.total))
        })
        .await?;
    let views = rows.iter().map(|(legs, row)| view(&app, row, legs));
    let views = views.collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&TaskPage::new(views, limit, total, |view| {
        view.task.uid
    })))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Reply, Failure> {
    let uid = read_id(&id)?;
    let found = app
        .store
        .read(move |tx| Ok((tx.tasks().get(uid)?, tx.node_tasks().for_task(uid)?)))
        .await?;
    let (Some(row), legs) = found else {
        return Err(unknown(&id));
    };
    Ok(Reply::ok(&view(&app, &row, &legs)?))
}

/// As `POST /tasks/cancel?uids=`, but it says so when it is too late.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Reply, Failure> {
    let uid = read_id(&id)?;
    let row = app.store.read(move |tx| tx.tasks().get(uid)).await?;
    row.ok_or_else(|| unknown(&id))?;
    let may_cancel = app.open_tasks.get(uid).is_some_and(|task| {
        let has_applied = |state| state == NodeTaskState::Succeeded;
        task.is_cancelable() && !task.legs.iter().any(|leg| has_applied(leg.state))
    });
    if !may_cancel {
        return Err(Failure::new(
            Code::MiroirConflict,
            format!(
                "Task `{uid}` cannot be canceled: it has been applied, at least in part, or is not a change of documents."
            ),
        ));
    }
    let filter = TaskFilter {
        uids: Some(vec![uid.0]),
        ..TaskFilter::default()
    };
    let filter = with_hidden(tasks::store_filter(&app, filter));
    let row = tasks::cancel(&app, filter, Access::full(), &format!("uids={uid}")).await?;
    Ok(Reply::ok(&tasks::summary(&row)))
}

fn with_hidden(filter: TaskListFilter) -> TaskListFilter {
    TaskListFilter {
        include_hidden: true,
        ..filter
    }
}

/// `412`, `mtask-412` and `mtask-00412` are one task.
fn read_id(id: &str) -> Result<TaskUid, Failure> {
    let number = id.strip_prefix("mtask-").unwrap_or(id);
    let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
    let uid = number.parse().ok().filter(|_| is_number);
    uid.map(TaskUid).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    ApiError::new(Code::MiroirNotFound, format!("Task `{id}` not found.")).into()
}

fn view(app: &App, row: &TaskRow, stored: &[NodeTaskRow]) -> Result<View, StoreError> {
    // While a task is open, what is known of its requests is ahead of their rows.
    let open = app.open_tasks.get(row.uid);
    let legs: Vec<NodeTaskRow> = match &open {
        Some(open) => open
            .legs
            .iter()
            .map(|leg| leg.row(&open.node_uid, clock::now_ms()))
            .collect(),
        None => stored.to_vec(),
    };
    Ok(View {
        task: tasks::view(app, row)?,
        miroir_task_id: format!("mtask-{}", row.uid),
        operation_id: None,
        origin: row.origin.as_str(),
        node_tasks: legs
            .into_iter()
            .map(|leg| node_view(app, leg))
            .collect::<Result<_, _>>()?,
    })
}

fn node_view(app: &App, leg: NodeTaskRow) -> Result<NodeView, StoreError> {
    let stale = app.staleness.of(&leg.node_uid);
    let stale = stale.of(&leg.key.node_id);
    Ok(NodeView {
        stale: stale.is_some_and(|stale| !stale.is_disjoint(&leg.shards)),
        node: leg.key.node_id,
        shards: leg.shards.iter().map(|shard| shard.0).collect(),
        node_task_uid: leg.node_task_uid,
        status: leg.state.as_str(),
        error: leg.error.as_ref().map(Json::parse).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::read_id;

    #[test]
    fn all_spellings_of_a_number_name_one_task() {
        for id in ["412", "mtask-412", "mtask-00412"] {
            assert_eq!(read_id(id).unwrap().0, 412);
        }
        for id in ["", "mtask-", "mtask-x", "-1", "+412", "4294967296"] {
            assert!(read_id(id).is_err(), "{id}");
        }
    }
}
