//! `GET /indexes/{uid}/documents/{id}`: one fresh owner of the document's shard answers.

use std::sync::Arc;

use http::StatusCode;
use miroir_core::document::primary_key;
use miroir_core::error::ApiError;
use miroir_core::hash::shard_of;
use miroir_core::id::IndexUid;
use miroir_core::lexicon;
use miroir_core::merge::member_order::write_document;
use miroir_core::plan::{self, Constraints};

use crate::app::App;
use crate::capabilities::replica_selection::Class;
use crate::http::reply::{Failure, Reply};
use crate::request::resolve;
use crate::request::scatter::ask_owners;
use crate::request::translate::Names;

/// Reads one document. `query` is the client's query string, already checked.
pub(crate) async fn get(
    app: &Arc<App>,
    uid: &IndexUid,
    id: &str,
    query: &str,
) -> Result<Reply, Failure> {
    let index = resolve::index(app, uid)?;
    if !primary_key::is_valid_id(id) || lexicon::is_id(app.cluster_id(), id) {
        return Err(ApiError::document_not_found(id).into());
    }
    let shard = shard_of(id, index.shards());
    let view = app.view_of(index.node_uid(), Class::Document);
    let rotation = app.next_rotation();
    let nodes = plan::document(
        &view.cluster(),
        index.shards(),
        shard,
        &Constraints::default(),
        rotation,
    );
    let mut path = ["/indexes/", index.node_uid().as_str(), "/documents/", id].concat();
    if !query.is_empty() {
        path.push('?');
        path.push_str(query);
    }
    let answer = ask_owners(app, &view, nodes, [shard].into_iter().collect(), &path).await?;
    match answer.status {
        StatusCode::OK => {
            let mut document = Vec::with_capacity(answer.body.len());
            write_document(&answer.body, &index.view, |_| false, &mut document)
                .map_err(Failure::internal)?;
            Ok(Reply::json_bytes(StatusCode::OK, document))
        }
        StatusCode::NOT_FOUND => Err(ApiError::document_not_found(id).into()),
        _ => Err(Names::of(&index).relay(answer)),
    }
}
