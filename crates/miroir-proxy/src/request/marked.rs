//! Marks that a node has left out, because it never looked for the typos of a word: the hits are asked for again.

use futures_util::future::try_join_all;
use miroir_core::merge::Window;
use miroir_core::merge::frequency::Words;
use miroir_core::merge::marked::{Looked, Shown, Unmarked};
use miroir_core::wire::search::SearchQuery;

use crate::app::App;
use crate::http::reply::Failure;
use crate::request::found::Found;
use crate::request::ranked::Reading;
use crate::request::search::explained;

/// Completes the documents of a page.
pub(crate) async fn complete(
    app: &App,
    reading: &Reading<'_>,
    query: &SearchQuery,
    window: Window,
    found: &mut Found,
) -> Result<(), Failure> {
    let index = reading.index;
    let words = query.q.as_deref();
    let words = words.and_then(|text| Words::of(text, &index.settings));
    let (Some(words), Some(primary_key)) = (words, index.primary_key()) else {
        return Ok(());
    };
    let page = found.hits.get(window.start..).unwrap_or_default();
    let shown = Shown {
        legs: &found.legs,
        hits: &found.hits,
        page,
        looked: match &found.word_legs {
            Some(lists) => Looked::WordLegs(lists),
            None if found.documents.is_some() => Looked::Page,
            None => Looked::Legs,
        },
    };
    let unmarked = Unmarked::of(query, &words, primary_key, shown).map_err(Failure::internal)?;
    let Some(unmarked) = unmarked else {
        return Ok(());
    };
    let lists = unmarked.queries().iter().map(async |list| {
        let list = reading.ranked_whole(list, unmarked.hits()).await;
        Ok::<_, Failure>(explained(app, index, query, list).await?.legs)
    });
    let answers = try_join_all(lists).await?;
    let page = page.len();
    let documents = unmarked.marked(answers, primary_key, found.documents.take(), page);
    found.documents = Some(documents.map_err(Failure::internal)?);
    Ok(())
}
