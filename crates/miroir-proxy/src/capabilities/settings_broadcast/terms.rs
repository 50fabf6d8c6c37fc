//! The settings version of an answer: the floor that a client asks for, and the headers that tell.
//!
//! What a request reads is noted on the way, in the task that works on it: where an index is resolved and where its nodes are
//! looked at. So every route that reads says so in its answer, and none of them has to hand anything on.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use miroir_core::error::{ApiError, Code};
use miroir_core::id::{IndexUid, NodeId, NodeUid};
use parking_lot::Mutex;

use super::covers;
use crate::app::App;
use crate::catalog::Index;
use crate::http::reply::Failure;

const FLOOR: HeaderName = HeaderName::from_static("x-miroir-min-settings-version");
const VERSION: HeaderName = HeaderName::from_static("x-miroir-settings-version");
const INCONSISTENT: HeaderName = HeaderName::from_static("x-miroir-settings-inconsistent");

tokio::task_local! {
    static TERMS: Terms;
}

/// What one request demands of settings, and what it has read.
#[derive(Default)]
pub(crate) struct Terms {
    floor: Floor,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The versions that were committed when the indexes were resolved.
    versions: BTreeMap<IndexUid, u64>,
    /// The nodes that were not asked, by index.
    excluded: Vec<(NodeUid, BTreeSet<NodeId>)>,
    /// Some of them were being given other settings already.
    mixed: bool,
}

/// The oldest settings that a client accepts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Floor {
    #[default]
    None,
    /// For whatever index is read.
    All(u64),
    Each(BTreeMap<IndexUid, u64>),
}

/// Gives a request its terms, and its answer the headers.
pub(crate) async fn tell(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (floor, uri) = (floor(request.headers()), request.uri().clone());
    told(&app, floor, uri.path(), next.run(request)).await
}

/// The same for an answer that is made in any way.
pub(crate) async fn told(
    app: &App,
    floor: Result<Floor, Failure>,
    path: &str,
    answer: impl Future<Output = Response>,
) -> Response {
    let floor = match floor {
        Ok(floor) => floor,
        Err(failure) => return failure.into_response(),
    };
    let terms = Terms {
        floor,
        seen: Mutex::default(),
    };
    let signed = async {
        let mut response = answer.await;
        TERMS.with(|terms| terms.sign(app, path, &mut response));
        response
    };
    TERMS.scope(terms, signed).await
}

/// An index is about to be read. Refused if its settings are older than the client wants them.
pub(crate) fn admit(app: &App, index: &Index) -> Result<(), ApiError> {
    TERMS
        .try_with(|terms| terms.admit(app, index))
        // Nobody is told of what the process reads for itself.
        .unwrap_or(Ok(()))
}

/// Nodes are asked about an index, but for these; `mixed`: they may have settings of two versions.
pub(crate) fn note(index: &NodeUid, excluded: BTreeSet<NodeId>, mixed: bool) {
    let noted = TERMS.try_with(|terms| {
        let mut seen = terms.seen.lock();
        seen.mixed |= mixed;
        seen.excluded.push((index.clone(), excluded));
    });
    // As above.
    let _ = noted;
}

impl Terms {
    fn admit(&self, app: &App, index: &Index) -> Result<(), ApiError> {
        let uid = &index.row.uid;
        let version = index.row.settings_version;
        self.seen.lock().versions.insert(uid.clone(), version);
        let Some(floor) = self.floor.of(uid) else {
            return Ok(());
        };
        let barred = app.settings.barred(index.node_uid());
        let is_covered = barred.is_empty()
            || covers(
                app.cluster.topology(),
                index.shards(),
                &app.staleness.of(index.node_uid()),
                |node| !barred.contains(node),
            );
        if version >= floor && is_covered {
            return Ok(());
        }
        Err(ApiError::new(
            Code::MiroirSettingsVersionStale,
            format!(
                "Settings version {floor} of index `{uid}` is not on enough nodes yet; committed is {version}. Retry later."
            ),
        ))
    }

    fn sign(&self, app: &App, path: &str, response: &mut Response) {
        let seen = self.seen.lock();
        let versions = match (seen.versions.len(), seen.versions.first_key_value()) {
            (0, _) => named_in(path)
                .and_then(|uid| app.catalog.get(&uid))
                .map(|index| index.row.settings_version.to_string()),
            (1, Some((_, version))) => Some(version.to_string()),
            _ => Some(show(&seen.versions)),
        };
        let headers = response.headers_mut();
        if let Some(versions) = versions.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(VERSION, versions);
        }
        if seen.mixed || seen.has_changed(app) {
            headers.insert(INCONSISTENT, HeaderValue::from_static("true"));
        }
    }
}

impl Seen {
    /// Whether a node that may have been asked has been given other settings since.
    fn has_changed(&self, app: &App) -> bool {
        let committed = |(uid, version): (&IndexUid, &u64)| {
            let index = app.catalog.get(uid);
            index.is_none_or(|index| index.row.settings_version == *version)
        };
        if !self.excluded.is_empty() && !self.versions.iter().all(committed) {
            return true;
        }
        self.excluded.iter().any(|(index, excluded)| {
            let standing = app.settings_standing(index);
            !standing.barred.is_subset(excluded) || !standing.changing.is_subset(excluded)
        })
    }
}

impl Floor {
    fn of(&self, uid: &IndexUid) -> Option<u64> {
        match self {
            Self::None => None,
            Self::All(version) => Some(*version),
            Self::Each(versions) => versions.get(uid).copied(),
        }
    }
}

impl FromStr for Floor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(version) = text.trim().parse() {
            return Ok(Self::All(version));
        }
        let pair = |pair: &str| {
            let (uid, version) = pair.split_once('=').ok_or(())?;
            let uid: IndexUid = uid.trim().parse().map_err(|_| ())?;
            Ok((uid, version.trim().parse().map_err(|_| ())?))
        };
        text.split(',')
            .map(pair)
            .collect::<Result<_, ()>>()
            .map(Self::Each)
    }
}

/// The oldest settings that whoever sent these headers accepts.
pub(crate) fn floor(headers: &HeaderMap) -> Result<Floor, Failure> {
    headers.get(&FLOOR).map_or(Ok(Floor::None), read_floor)
}

fn read_floor(value: &HeaderValue) -> Result<Floor, Failure> {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map_err(|()| {
        let message = format!(
            "`X-Miroir-Min-Settings-Version` is `{text}`, expected a version such as `42`, or one per index such as `products=42,reviews=7`."
        );
        Failure::new(Code::MiroirInvalidHeader, message)
    })
}

fn show(versions: &BTreeMap<IndexUid, u64>) -> String {
    let pairs = versions
        .iter()
        .map(|(uid, version)| format!("{uid}={version}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// The index that a path is about.
fn named_in(path: &str) -> Option<IndexUid> {
    let rest = path.strip_prefix("/indexes/")?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Floor, named_in, show};

    #[test]
    fn floors() {
        let each = |pairs: &[(&str, u64)]| {
            let pairs = pairs.iter();
            Floor::Each(
                pairs
                    .map(|(uid, version)| (uid.parse().unwrap(), *version))
                    .collect(),
            )
        };
        assert_eq!("42".parse(), Ok(Floor::All(42)));
        assert_eq!(
            "products=42, reviews=7".parse(),
            Ok(each(&[("products", 42), ("reviews", 7)]))
        );
        for malformed in [
            "",
            "-1",
            "x",
            "products",
            "products=",
            "a b=1",
            "a=1,",
            "a=1;b=2",
        ] {
            assert_eq!(malformed.parse::<Floor>(), Err(()), "{malformed}");
        }
        let floor = each(&[("products", 42)]);
        assert_eq!(floor.of(&"products".parse().unwrap()), Some(42));
        assert_eq!(floor.of(&"reviews".parse().unwrap()), None);
    }

    #[test]
    fn several_indexes_are_shown_as_they_are_written() {
        let versions = [("reviews", 7), ("products", 42)];
        let versions = versions.map(|(uid, version)| (uid.parse().unwrap(), version));
        assert_eq!(show(&versions.into()), "products=42,reviews=7");
    }

    #[test]
    fn an_index_is_named_by_its_path() {
        assert_eq!(named_in("/indexes/a/search"), Some("a".parse().unwrap()));
        assert_eq!(named_in("/indexes/a"), Some("a".parse().unwrap()));
        assert_eq!(named_in("/multi-search"), None);
    }
}
