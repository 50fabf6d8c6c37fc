//! The documents that a task is about to add: nodes keep what they were sent until they have indexed it. Each shard's are taken from
//! one of them, so they come in another order than they were sent in.

use miroir_core::document::marker;
use miroir_core::id::{ShardSet, TaskUid};
use miroir_core::merge::member_order::write_document;
use miroir_core::wire::raw;
use serde_json::value::RawValue;

use crate::app::App;
use crate::tasks::{OpenLeg, Work};

/// One document after the other, as a server shows them; `None` once some node has indexed its part, and no other still has it.
pub(crate) async fn of(app: &App, uid: TaskUid) -> Option<Vec<u8>> {
    let task = app.open_tasks.get(uid)?;
    if !matches!(task.work, Work::Documents { .. }) {
        return None;
    }
    let index = app.catalog.of_node_uid(&task.node_uid)?;
    let mut wanted = ShardSet::new();
    for leg in &task.legs {
        wanted = wanted.union(&leg.shards);
    }
    let mut body = Vec::new();
    for leg in &task.legs {
        let taken = wanted.intersection(&leg.shards);
        if taken.is_empty() {
            continue;
        }
        let Some(kept) = kept(app, leg).await else {
            continue;
        };
        for document in serde_json::Deserializer::from_slice(&kept).into_iter::<&RawValue>() {
            let document = document.ok()?.get().as_bytes();
            let shard = shard_of(document)?;
            if taken.contains(shard) {
                write_document(document, &index.view, |_| false, &mut body).ok()?;
            }
        }
        wanted = wanted.difference(&taken);
    }
    wanted.is_empty().then_some(body)
}

/// What the node still has of its part.
async fn kept(app: &App, leg: &OpenLeg) -> Option<bytes::Bytes> {
    let path = format!("/tasks/{}/documents", leg.node_task?);
    let answer = app.cluster.read(&leg.key.node_id, &path).await.ok()?;
    answer.is_success().then_some(answer.body)
}

fn shard_of(document: &[u8]) -> Option<miroir_core::id::Shard> {
    let mut members = raw::members(document).flatten();
    let member = members.find(|member| member.key.is(marker::SHARD_FIELD))?;
    marker::parse_shard(&raw::text(member.value)?.decode())
}
