//! The indexes as this process knows them: an immutable snapshot, replaced whole at every change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use miroir_core::document::fields::FieldOrder;
use miroir_core::id::{IndexUid, NodeUid, ShardCount};
use miroir_core::merge::{IndexView, TieRule};
use miroir_core::settings::{Attributes, Usage, UserSettings};
use miroir_store::table::{CatalogRow, IndexFieldRow};
use miroir_store::{StoreError, Transaction};
use parking_lot::Mutex;
use serde_json::{Map, Value};

use crate::http::reply::chain;
use crate::request::documents::RESERVED;

/// One index.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) row: CatalogRow,
    pub(crate) settings: UserSettings,
    /// What clients read back from `GET /settings`. `None` until every part of the index exists on the nodes: to clients there is no
    /// such index yet, as on a server whose creation task has not run.
    pub(crate) settings_view: Option<Arc<Map<String, Value>>>,
    /// What the merge has to know.
    pub(crate) view: Arc<IndexView>,
}

impl Index {
    /// # Errors
    /// A stored value that is not in the form this version writes.
    pub(crate) fn from_row(row: CatalogRow) -> Result<Self, StoreError> {
        let settings: UserSettings = row.user_settings.parse()?;
        let settings_view = match &row.settings_view {
            Some(view) => Some(Arc::new(view.parse::<Map<String, Value>>()?)),
            None => None,
        };
        let view = Arc::new(index_view(&row, &settings));
        Ok(Self {
            row,
            settings,
            settings_view,
            view,
        })
    }

    pub(crate) fn node_uid(&self) -> &NodeUid {
        &self.row.current_node_uid
    }

    pub(crate) fn shards(&self) -> ShardCount {
        self.row.shards
    }

    pub(crate) fn primary_key(&self) -> Option<&str> {
        self.row.primary_key.as_deref()
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.settings_view.is_some()
    }

    fn set_fields(&mut self, fields: Arc<FieldOrder>) {
        Arc::make_mut(&mut self.view).fields = fields;
    }
}

/// Nothing is left of an index in the store but its tasks.
pub(crate) fn forget(tx: &mut dyn Transaction, node_uid: &NodeUid) -> Result<(), StoreError> {
    if let Some(row) = tx.catalog().by_node_uid(node_uid)? {
        tx.catalog().delete(&row.uid)?;
    }
    tx.staleness().forget_index(node_uid)?;
    tx.settings_copies().forget_index(node_uid)?;
    tx.index_fields().forget_index(node_uid)?;
    tx.lexicons().remove(node_uid)?;
    Ok(())
}

fn index_view(row: &CatalogRow, settings: &UserSettings) -> IndexView {
    let displayed = match settings.displayed_attributes() {
        Attributes::All => None,
        Attributes::Listed(names) => Some(names.into_iter().map(str::to_owned).collect()),
    };
    let ranks_by_key = row
        .primary_key
        .as_deref()
        .is_some_and(|key| settings.ranked_attributes().any(|name| name == key));
    let overlay_filterable = row
        .primary_key
        .iter()
        .map(String::as_str)
        .chain(settings.distinct_attribute());
    IndexView {
        primary_key: row.primary_key.clone(),
        displayed,
        distinct: settings.distinct_attribute().map(str::to_owned),
        max_values_per_facet: settings.max_values_per_facet(),
        facet_order: settings.facet_orders().collect(),
        max_total_hits: settings.max_total_hits(),
        tie_rule: if ranks_by_key {
            TieRule::Visible
        } else {
            TieRule::Hidden
        },
        overlay_filterable: overlay_filterable
            .filter(|name| {
                settings.only_overlay_opens(name, Usage::Filter, row.primary_key.as_deref())
            })
            .map(str::to_owned)
            .collect(),
        fields: Arc::default(),
        client_fields: RESERVED.left_to_clients().map(str::to_owned).collect(),
    }
}

type Snapshot = BTreeMap<IndexUid, Arc<Index>>;

/// All indexes, those that are still being created included.
pub(crate) struct Catalog {
    indexes: ArcSwap<Snapshot>,
    /// The order of the fields of each index, by node uid, which every snapshot of an index gets. Changes of anything are made
    /// one after the other, under this lock; reads never wait.
    fields: Mutex<HashMap<NodeUid, Arc<FieldOrder>>>,
}

impl Catalog {
    /// `fields`: the names of every index, in the order of their places.
    pub(crate) fn new(
        indexes: impl IntoIterator<Item = Index>,
        fields: impl IntoIterator<Item = IndexFieldRow>,
    ) -> Self {
        let mut orders: HashMap<NodeUid, Arc<FieldOrder>> = HashMap::new();
        for row in fields {
            let order = orders.entry(row.node_uid).or_default();
            Arc::make_mut(order).extend([row.name.as_str()]);
        }
        let catalog = Self {
            indexes: ArcSwap::default(),
            fields: Mutex::new(orders),
        };
        indexes.into_iter().for_each(|index| catalog.put(index));
        catalog
    }

    /// The index as clients see it: `None` while it is being created.
    pub(crate) fn get(&self, uid: &IndexUid) -> Option<Arc<Index>> {
        self.indexes
            .load()
            .get(uid)
            .filter(|index| index.is_ready())
            .cloned()
    }

    /// The index, whether clients see it yet or not.
    pub(crate) fn find(&self, uid: &IndexUid) -> Option<Arc<Index>> {
        self.indexes.load().get(uid).cloned()
    }

    /// The index that the nodes know by this name, whatever clients call it by now.
    pub(crate) fn of_node_uid(&self, node_uid: &NodeUid) -> Option<Arc<Index>> {
        let indexes = self.indexes.load();
        let mut indexes = indexes.values();
        indexes.find(|index| index.node_uid() == node_uid).cloned()
    }

    /// Whether an index lives under this name on the nodes.
    pub(crate) fn knows(&self, node_uid: &NodeUid) -> bool {
        self.of_node_uid(node_uid).is_some()
    }

    /// Every index, in the order of uids; the ones that clients do not see yet included.
    pub(crate) fn all(&self) -> Arc<Snapshot> {
        self.indexes.load_full()
    }

    /// As the store's `put`: ids that are not folded stay so, and so does a freeze. The order of the index's fields is the one that is known here.
    pub(crate) fn put(&self, mut index: Index) {
        self.change(|indexes, fields| {
            if let Some(before) = indexes.get(&index.row.uid) {
                index.row.ids_case_folded &=
                    before.row.ids_case_folded || before.node_uid() != index.node_uid();
                if before.node_uid() == index.node_uid() {
                    index
                        .row
                        .frozen_reason
                        .clone_from(&before.row.frozen_reason);
                }
            }
            let known = fields.get(index.node_uid()).cloned().unwrap_or_default();
            index.set_fields(known);
            indexes.insert(index.row.uid.clone(), Arc::new(index));
        });
    }

    /// Changes the row of the index that lives under this name on the nodes, as it is now.
    pub(crate) fn amend(&self, node_uid: &NodeUid, amend: impl FnOnce(&mut CatalogRow)) {
        self.change(|indexes, fields| {
            let mut found = indexes.values_mut();
            let Some(index) = found.find(|index| index.node_uid() == node_uid) else {
                return;
            };
            let mut row = index.row.clone();
            amend(&mut row);
            match Index::from_row(row) {
                Ok(mut amended) => {
                    amended.set_fields(fields.get(node_uid).cloned().unwrap_or_default());
                    *index = Arc::new(amended);
                }
                Err(error) => {
                    tracing::error!(error = %chain(&error), "catalog row cannot be read back")
                }
            }
        });
    }

    /// An id that is not its own normalised form is about to be written.
    pub(crate) fn unfold_ids(&self, uid: &IndexUid) {
        self.change(|indexes, _| {
            if let Some(index) = indexes.get_mut(uid) {
                Arc::make_mut(index).row.ids_case_folded = false;
            }
        });
    }

    /// Says why writes are refused from now on; `None`: they are not.
    pub(crate) fn freeze(&self, node_uid: &NodeUid, reason: Option<String>) {
        self.amend(node_uid, |row| row.frozen_reason = reason);
    }

    pub(crate) fn remove(&self, uid: &IndexUid) {
        self.change(|indexes, fields| {
            if let Some(index) = indexes.remove(uid) {
                fields.remove(index.node_uid());
            }
        });
    }

    /// Indexes change their names, all at once: nobody sees some of them under the new and others under the old ones. Of each the old
    /// name, and the row as it is now durable.
    pub(crate) fn rename(&self, renamed: &[(IndexUid, CatalogRow)]) {
        self.change(|indexes, _| {
            let found: Vec<(&CatalogRow, Arc<Index>)> = renamed
                .iter()
                .filter_map(|(old, row)| Some((row, indexes.remove(old)?)))
                .collect();
            for (durable, mut index) in found {
                let row = &mut Arc::make_mut(&mut index).row;
                row.uid.clone_from(&durable.uid);
                row.updated_at.clone_from(&durable.updated_at);
                indexes.insert(durable.uid.clone(), index);
            }
        });
    }

    /// The order of an index's fields; empty for an index that nobody has written to.
    pub(crate) fn fields(&self, node_uid: &NodeUid) -> Arc<FieldOrder> {
        self.fields
            .lock()
            .get(node_uid)
            .cloned()
            .unwrap_or_default()
    }

    /// Adds names that are durable to the order of an index's fields.
    pub(crate) fn extend_fields(&self, node_uid: &NodeUid, names: &[String]) {
        if names.is_empty() {
            return;
        }
        self.change(|indexes, fields| {
            let order = fields.entry(node_uid.clone()).or_default();
            Arc::make_mut(order).extend(names.iter().map(String::as_str));
            let named = indexes
                .values_mut()
                .find(|index| index.node_uid() == node_uid);
            if let Some(index) = named {
                Arc::make_mut(index).set_fields(Arc::clone(order));
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot, &mut HashMap<NodeUid, Arc<FieldOrder>>)) {
        let mut fields = self.fields.lock();
        let mut indexes = Snapshot::clone(&self.indexes.load());
        change(&mut indexes, &mut fields);
        self.indexes.store(Arc::new(indexes));
    }
}
