//! What a backend must do, as one suite that runs on each.

mod catalog;
mod concurrency;
mod features;
mod idempotency;
mod index_fields;
mod keys;
mod lexicons;
mod nodes;
pub(crate) mod rows;
mod settings_copies;
mod staleness;
mod tasks;
mod topology;
mod transactions;
mod webhooks;

use crate::Store;

/// Makes one test per backend of each function `async fn(Store)`.
macro_rules! on_every_backend {
    ($($module:ident::{$($test:ident),+ $(,)?};)+) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::conformance::$module::$test(crate::Store::memory()).await;
                })+
            })+
        }

        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = crate::Store::open_sqlite(folder.path().join("store.db")).unwrap();
                    crate::conformance::$module::$test(store).await;
                })+
            })+
        }
    };
}

on_every_backend! {
    catalog::{
        rows_come_back_as_put, node_uids_are_unique, two_indexes_can_swap_node_uids, ids_that_are_not_folded_stay_so, freezing_changes_nothing_else,
    };
    concurrency::{a_thousand_writes_from_fifty_tasks, readers_see_whole_transactions};
    features::{switches_are_kept};
    idempotency::{rows_end_with_their_time_and_at_the_limit};
    keys::{the_newest_key_comes_first, keys_change_and_go};
    index_fields::{names_keep_the_order_in_which_they_came};
    lexicons::{words_come_back_in_their_order, clearing_forgets_words_but_not_what_was_sent};
    nodes::{ids_are_never_reused, updates_need_a_row, task_uids_only_rise};
    settings_copies::{rows_are_replaced_and_forgotten};
    staleness::{marking_again_keeps_the_beginning, a_repair_that_was_overtaken_clears_nothing, forgetting};
    tasks::{
        rows_come_back_as_inserted, uids_are_unique, pages_are_newest_first, filters, swaps_and_renames_touch_every_index_they_name,
        what_is_processed_is_not_enqueued, hidden_tasks,
        pruning_spares_the_unfinished, legs_follow_their_task, unfinished_legs, legs_by_node_task,
    };
    topology::{groups, only_higher_epochs, old_epochs_are_forgotten, activation_happens_once};
    transactions::{
        an_error_rolls_everything_back, a_panic_rolls_everything_back, sequences_are_dense, sequences_end,
        own_writes_are_seen, cluster_values,
    };
    webhooks::{ends_come_in_their_order_and_once, webhooks_change_and_go};
}

/// Runs one change that must succeed.
async fn write<T: Send + 'static>(
    store: &Store,
    change: impl FnOnce(&mut dyn crate::Transaction) -> crate::Result<T> + Send + 'static,
) -> T {
    store.write(change).await.unwrap()
}

/// Asks one question that must be answered.
async fn read<T: Send + 'static>(
    store: &Store,
    question: impl FnOnce(&dyn crate::ReadTransaction) -> crate::Result<T> + Send + 'static,
) -> T {
    store.read(question).await.unwrap()
}
