//! Looks after the lexicons: one for every index that is to have one, none for the others, each by the index's settings.

use std::sync::Arc;
use std::time::Duration;

use miroir_core::lexicon::Rules;
use miroir_store::StoreError;
use miroir_store::table::LexiconState;
use tokio::time::sleep;

use super::lexicon::Lexicon;
use super::scan::scan;
use crate::app::App;
use crate::catalog::Index;

/// After something went wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until the process stops.
pub(super) async fn keep(app: Arc<App>) {
    let mut tasks = app.open_tasks.changes();
    let mut changes = app.dictionary.changes();
    loop {
        tasks.mark_unchanged();
        changes.mark_unchanged();
        if let Err(error) = pass(&app).await {
            tracing::warn!(%error, "lexicons cannot be looked after");
            sleep(PAUSE).await;
        }
        // Settings are committed, and indexes come into being, when a task ends.
        tokio::select! {
            _ = tasks.changed() => {}
            _ = changes.changed() => {}
        }
    }
}

async fn pass(app: &Arc<App>) -> Result<(), StoreError> {
    let wanted = |index: &&Arc<Index>| app.dictionary.wants(index.row.uid.as_str());
    let indexes = app.catalog.all();
    for index in indexes.values().filter(wanted) {
        let rules = Rules::of(&index.settings);
        match app.dictionary.find(index.node_uid()) {
            Some(lexicon) if lexicon.follows(&rules) => {}
            found => renew(app, index, found).await?,
        }
    }
    for lexicon in app.dictionary.all() {
        if !app
            .dictionary
            .wants(lexicon.index_uid(&app.catalog).as_str())
            && !lexicon.is_removing()
        {
            lexicon.begin_removal(&app.store).await?;
            app.dictionary.ring();
        }
        if lexicon.is_gone() {
            let node_uid = lexicon.node_uid.clone();
            app.store
                .write(move |tx| tx.lexicons().remove(&node_uid))
                .await?;
            app.dictionary.forget(&lexicon.node_uid);
        } else if let Some((generation, first)) = lexicon.claim_scan() {
            app.spawn_worker(scan(Arc::clone(app), lexicon, generation, first));
        }
    }
    Ok(())
}

/// The index needs a lexicon, or another one than it has. The sequence decides by which settings.
async fn renew(app: &App, index: &Index, found: Option<Arc<Lexicon>>) -> Result<(), StoreError> {
    let turn = app.sequencers.turn(&index.row.uid, &app.catalog).await;
    let head = turn
        .as_ref()
        .filter(|head| head.node_uid == *index.node_uid());
    let Some(head) = head else { return Ok(()) };
    let rules = Rules::of(&head.settings);
    match found.or_else(|| app.dictionary.find(&head.node_uid)) {
        None => {
            app.dictionary
                .create(&app.store, &index.row.uid, head, LexiconState::Scanning)
                .await?;
        }
        Some(lexicon) if lexicon.follows(&rules) => {}
        Some(lexicon) => {
            lexicon.begin_anew(&app.store, rules, false).await?;
            app.dictionary.ring();
        }
    }
    Ok(())
}
