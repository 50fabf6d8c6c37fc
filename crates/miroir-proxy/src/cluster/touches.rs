//! Which documents are written while somebody copies them: noted in sequence, by whoever holds the index's turn.

use std::collections::{HashMap, HashSet};

use miroir_core::id::NodeUid;
use parking_lot::Mutex;

/// The documents that an operation changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Touched {
    Nothing,
    /// By canonical key.
    Documents(HashSet<String>),
    /// Nobody can say which.
    Everything,
}

/// The documents that are being copied, per index.
#[derive(Default)]
pub(crate) struct Touches {
    watched: Mutex<HashMap<NodeUid, Touched>>,
}

impl Touches {
    /// From now on what is touched of this index is noted. To be called in turn.
    pub(crate) fn watch(&self, index: &NodeUid) {
        self.watched.lock().insert(index.clone(), Touched::Nothing);
    }

    pub(crate) fn is_watched(&self, index: &NodeUid) -> bool {
        self.watched.lock().contains_key(index)
    }

    /// What was touched since [`Touches::watch`]. To be called in turn.
    pub(crate) fn take(&self, index: &NodeUid) -> Touched {
        self.watched
            .lock()
            .remove(index)
            .unwrap_or(Touched::Nothing)
    }

    /// An operation is being sequenced.
    pub(crate) fn note(&self, index: &NodeUid, touched: Touched) {
        let mut watched = self.watched.lock();
        if let Some(noted) = watched.get_mut(index) {
            noted.add(touched);
        }
    }
}

impl Touched {
    pub(crate) fn contains(&self, id: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Documents(ids) => ids.contains(id),
            Self::Everything => true,
        }
    }

    fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (_, Self::Nothing) | (Self::Everything, _) => {}
            (_, Self::Everything) => *self = Self::Everything,
            (Self::Documents(ids), Self::Documents(more)) => ids.extend(more),
            (Self::Nothing, more) => *self = more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Touched, Touches};

    #[test]
    fn what_is_written_between_two_turns_is_known() {
        let touches = Touches::default();
        let index = "stories".parse().expect("a uid");
        let ids =
            |ids: &[&str]| Touched::Documents(ids.iter().map(|id| (*id).to_owned()).collect());
        touches.note(&index, ids(&["before"]));
        touches.watch(&index);
        touches.note(&index, Touched::Nothing);
        touches.note(&index, ids(&["a"]));
        touches.note(&index, ids(&["b"]));
        let touched = touches.take(&index);
        assert!(touched.contains("a") && touched.contains("b"));
        assert!(!touched.contains("before"));
        touches.watch(&index);
        touches.note(&index, Touched::Everything);
        touches.note(&index, ids(&["a"]));
        assert!(touches.take(&index).contains("anything"));
        assert_eq!(touches.take(&index), Touched::Nothing);
    }
}
