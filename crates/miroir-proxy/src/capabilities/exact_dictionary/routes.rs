//! `GET /_miroir/dictionary`: how far the lexicons are.

use std::sync::Arc;

use axum::extract::State;
use miroir_core::id::NodeId;
use serde::Serialize;

use crate::app::App;
use crate::http::reply::Reply;

#[derive(Serialize)]
struct DictionaryView {
    indexes: Vec<LexiconView>,
}

#[derive(Serialize)]
struct LexiconView {
    index: String,
    /// `scanning`, `current` or `removing`.
    state: &'static str,
    words: usize,
    /// Lexicon documents that hold them.
    documents: u32,
    /// The index has more words than `exact_dictionary.max_words`.
    full: bool,
    /// Every node has every word.
    complete: bool,
    nodes: Vec<NodeView>,
}

#[derive(Serialize)]
struct NodeView {
    id: NodeId,
    complete: bool,
}

pub(crate) async fn dictionary(State(app): State<Arc<App>>) -> Reply {
    let view = |lexicon: &Arc<super::lexicon::Lexicon>| {
        let summary = lexicon.summary();
        let nodes: Vec<NodeView> = app
            .cluster
            .node_ids()
            .map(|id| NodeView {
                id: id.clone(),
                complete: lexicon.is_complete_on(id),
            })
            .collect();
        LexiconView {
            index: lexicon.index_uid(&app.catalog).to_string(),
            state: summary.state.as_str(),
            words: summary.words,
            documents: summary.documents,
            full: summary.is_full,
            complete: nodes.iter().all(|node| node.complete),
            nodes,
        }
    };
    let indexes = app.dictionary.all().iter().map(view).collect();
    Reply::ok(&DictionaryView { indexes })
}
