//! `/indexes/{uid}/similar`: the owner of a document tells its vector, and every shard what is close to that.

use std::sync::Arc;

use http::StatusCode;
use miroir_core::document::primary_key;
use miroir_core::error::{ApiError, Code};
use miroir_core::hash::shard_of;
use miroir_core::id::IndexUid;
use miroir_core::merge::IndexView;
use miroir_core::merge::similar::{self, Target};
use miroir_core::plan::{self, Constraints};
use miroir_core::settings::SimilarityPlace;
use miroir_core::wire::similar::SimilarQuery;
use miroir_node::Answer;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::App;
use crate::catalog::Index;
use crate::http::over_fetch::OverFetch;
use crate::http::reply::{Failure, Reply};
use crate::request::ranked::{Ranked, Reading};
use crate::request::scatter::{ScatterEnd, ask_owners, degraded};
use crate::request::translate::Names;
use crate::request::{resolve, twin};

/// `POST` and `GET /indexes/{uid}/similar`.
pub(crate) async fn similar(
    app: &Arc<App>,
    uid: &IndexUid,
    query: &SimilarQuery,
    over_fetch: OverFetch,
) -> Result<Reply, Failure> {
    let started = Instant::now();
    let index = resolve::index(app, uid)?;
    let id = check(app, &index, query).await?;
    let vector = vector_of(app, &index, &id, query).await?;
    check_filter(app, &index, query).await?;

    let everything = query_of_all(&index);
    let index = everything.as_ref().unwrap_or(&index);
    let (ranked, is_counted) = tokio::join!(
        near(app, index, query, vector, over_fetch),
        passes_filter(app, index, &id, query)
    );
    let ranked = ranked?;
    let target = Target {
        id: &id,
        is_counted: is_counted?,
    };
    let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let body = similar::write(
        query,
        &index.view,
        &ranked.legs,
        &ranked.order,
        target,
        elapsed,
    )
    .map_err(Failure::internal)?;
    Ok(Reply::json_bytes(StatusCode::OK, body).degraded(degraded(ranked.uncovered)))
}

/// The canonical id in the query. A server refuses a wrong embedder, the text of a filter and the form of an id before it looks
/// for the document; a twin, which has no document, words that.
async fn check(app: &App, index: &Index, query: &SimilarQuery) -> Result<String, Failure> {
    let id = primary_key::canonical_value(&query.id);
    if !index.settings.has_embedder(&query.embedder) || query.filter.is_some() || id.is_none() {
        let refusal = twin::refusal(app, index, "similar", query.to_json()).await;
        if let Some(refusal) = refusal.filter(|refusal| !is_of(refusal, Code::NotFoundSimilarId)) {
            return Err(refusal);
        }
    }
    id.ok_or_else(|| {
        Failure::new(
            Code::InvalidSimilarId,
            "Invalid value at `.id`: expected the id of a document.",
        )
    })
}

/// Asks a twin whether a server can filter so, where the overlay might let more through.
async fn check_filter(app: &App, index: &Index, query: &SimilarQuery) -> Result<(), Failure> {
    let filter = query.filter.as_ref();
    if !filter.is_some_and(|filter| twin::is_suspicious_filter(index, filter)) {
        return Ok(());
    }
    filter_refusal(app, index, query).await.map_or(Ok(()), Err)
}

/// What a server says against the filter. A twin would miss the document first, so it is asked to list documents: those routes
/// word refusals alike, other than a search.
async fn filter_refusal(app: &App, index: &Index, query: &SimilarQuery) -> Option<Failure> {
    let list = json!({ "filter": query.filter, "limit": 0 }).to_string();
    let refusal = twin::refusal(app, index, "documents/fetch", list.into_bytes()).await?;
    Some(as_similar(refusal))
}

/// The document's vector; none when it has none. The document must exist.
async fn vector_of(
    app: &Arc<App>,
    index: &Index,
    id: &str,
    query: &SimilarQuery,
) -> Result<Option<Vec<f32>>, Failure> {
    let key = index.primary_key().unwrap_or_default();
    let path = with_query(
        format!("/indexes/{}/documents/{id}", index.node_uid()),
        &[("retrieveVectors", "true"), ("fields", key)],
    );
    let answer = ask_owner(app, index, id, &path).await?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(ApiError::similar_document_not_found(id).into()),
        _ => return Err(Names::of(index).relay(answer)),
    }
    let mut document: Value = answer.json().map_err(Failure::internal)?;
    let embeddings = document["_vectors"][query.embedder.as_str()]["embeddings"].take();
    // One embedding may be written without the list around it.
    let embeddings: Vec<Vec<f32>> = match embeddings {
        Value::Null => Vec::new(),
        Value::Array(list) if list.first().is_some_and(Value::is_number) => {
            vec![serde_json::from_value(Value::Array(list)).map_err(Failure::internal)?]
        }
        list => serde_json::from_value(list).map_err(Failure::internal)?,
    };
    if embeddings.len() > 1 {
        let message = format!(
            "Document `{id}` has {} embeddings of `{}`: nodes cannot be asked for documents similar to several vectors at once.",
            embeddings.len(),
            query.embedder
        );
        return Err(Failure::new(Code::InvalidSimilarId, message));
    }
    Ok(embeddings.into_iter().next())
}

/// The index without what a search for similar documents does not look at: its distinct attribute.
fn query_of_all(index: &Index) -> Option<Arc<Index>> {
    index.view.distinct.as_ref()?;
    let view = IndexView {
        distinct: None,
        ..(*index.view).clone()
    };
    Some(Arc::new(Index {
        view: Arc::new(view),
        ..index.clone()
    }))
}

/// The documents nearest to a vector, the document itself among them; without a vector none of them.
async fn near(
    app: &App,
    index: &Index,
    query: &SimilarQuery,
    vector: Option<Vec<f32>>,
    OverFetch(factor): OverFetch,
) -> Result<Ranked, Failure> {
    let place = index.settings.place_of_similarity();
    let most = index.view.max_total_hits;
    let end = match (&vector, place) {
        (None, _) => 0,
        (Some(_), SimilarityPlace::First) => similar::wanted(query).min(most),
        // Other rules come first on the nodes: only the whole list shows who is the nearest.
        (Some(_), SimilarityPlace::Later) => most,
        (Some(_), SimilarityPlace::Nowhere) => return Err(cannot_rank()),
    };
    let is_whole = vector.is_some() && place == SimilarityPlace::Later;
    let view = app.view(index.node_uid());
    let constraints = Constraints::default();
    let reading = Reading::new(app, index, &view, &constraints);
    let search = similar::search(query, vector);
    let ranked = match reading.ranked_over(&search, end, factor).await {
        Ok(ranked) => ranked,
        Err(ScatterEnd::Failed(failure)) => return Err(failure),
        Err(ScatterEnd::Rejected(answer)) => {
            let names = Names::of(index);
            let refusal = filter_refusal(app, index, query).await;
            return Err(refusal.unwrap_or_else(|| as_similar(names.relay(answer))));
        }
    };
    let total: u64 = ranked.legs.iter().map(|leg| leg.answer.total).sum();
    if is_whole && (ranked.order.picked.len() as u64) < total {
        return Err(cannot_rank());
    }
    Ok(ranked)
}

/// Nodes rank by the index's rules, a server's search for similar documents does not.
fn cannot_rank() -> Failure {
    Failure::new(
        Code::MiroirCapabilityDisabled,
        "The ranking rules of this index sort by a field before relevancy, and more documents than `maxTotalHits` pass the filter: nodes cannot be asked for the most similar ones. Filter more, or put a rule of relevancy first.",
    )
}

/// Whether the document itself passes the filter, and so is counted among those that do.
async fn passes_filter(
    app: &Arc<App>,
    index: &Index,
    id: &str,
    query: &SimilarQuery,
) -> Result<bool, Failure> {
    let Some(filter) = query.filter.as_ref().filter(|filter| !filter.is_null()) else {
        return Ok(true);
    };
    let path = with_query(
        format!("/indexes/{}/documents", index.node_uid()),
        &[
            ("ids", id),
            ("limit", "1"),
            ("fields", index.primary_key().unwrap_or_default()),
            ("filter", &filter.to_string()),
        ],
    );
    let answer = ask_owner(app, index, id, &path).await?;
    // A filter that is refused is refused by the search too, which words it.
    let page: Value = answer.json().unwrap_or_default();
    Ok(page["results"]
        .as_array()
        .is_some_and(|found| !found.is_empty()))
}

/// `GET path` on a node that has the document, if it exists.
async fn ask_owner(app: &Arc<App>, index: &Index, id: &str, path: &str) -> Result<Answer, Failure> {
    let shard = shard_of(id, index.shards());
    let view = app.view(index.node_uid());
    let nodes = plan::document(
        &view.cluster(),
        index.shards(),
        shard,
        &Constraints::default(),
        app.next_rotation(),
    );
    ask_owners(app, &view, nodes, [shard].into_iter().collect(), path).await
}

/// A refusal of another route as one of this: the codes differ in one word.
fn as_similar(failure: Failure) -> Failure {
    let Failure::Relayed { status, body } = failure else {
        return failure;
    };
    let Ok(mut error) = serde_json::from_slice::<ApiError>(&body) else {
        return Failure::Relayed { status, body };
    };
    let name = error.code.name();
    let parameter = ["invalid_search_", "invalid_document_"]
        .iter()
        .find_map(|beginning| name.strip_prefix(beginning));
    let code =
        parameter.and_then(|parameter| Code::from_name(&format!("invalid_similar_{parameter}")));
    error.code = code.unwrap_or(error.code);
    error.into()
}

fn is_of(failure: &Failure, code: Code) -> bool {
    match failure {
        Failure::Error { error, .. } => error.code == code,
        Failure::Relayed { body, .. } => {
            serde_json::from_slice::<ApiError>(body).is_ok_and(|error| error.code == code)
        }
    }
}

/// A path with a query string.
fn with_query(path: String, pairs: &[(&str, &str)]) -> String {
    let query = serde_urlencoded::to_string(pairs).expect("pairs of text always encode");
    format!("{path}?{query}")
}
