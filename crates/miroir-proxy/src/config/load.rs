//! Reading all layers: defaults, file, environment, flags; then the rules; all problems at once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::overlay::{Overlay, siblings};
use super::problem::{Origin, Problem, Problems};
use super::tree::{Member, Node, Tree};
use super::value::MemoryMultiplier;
use super::{Config, environment, rules, table, yaml};

/// Where the file is looked for when no flag names it.
pub const DEFAULT_FILE: &str = "/etc/miroir/config.yaml";

/// The memory limit that every default is sized for.
const BASELINE_MEMORY: u64 = 3584 << 20;

/// How files are read; tests hand in their own.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Everything outside the process that decides the configuration.
pub struct Sources<'a> {
    /// The file that `--config` names, which must exist. None: [`DEFAULT_FILE`], which may be missing.
    pub file: Option<PathBuf>,
    /// Every variable, ours or not.
    pub environment: BTreeMap<String, String>,
    /// The values of `--set`, each `path=yaml`, in order.
    pub settings: Vec<String>,
    pub read_file: ReadFile<'a>,
    /// In bytes, where the process runs under one; see `server.memory_multiplier`.
    pub memory_limit: Option<u64>,
}

/// The effective configuration.
///
/// # Errors
/// Every problem of every layer, and of the rules across keys.
pub fn load(sources: &Sources<'_>) -> Result<Config, Problems> {
    let mut overlay = Overlay::default();
    file(&mut overlay, sources);
    environment::apply(&mut overlay, &sources.environment, sources.read_file);
    for setting in &sources.settings {
        flag(&mut overlay, setting);
    }
    rules::check(&mut overlay);
    if !overlay.problems.is_empty() {
        overlay
            .problems
            .sort_by_key(|problem| position(&problem.origin));
        return Err(Problems(overlay.problems));
    }
    scale(&mut overlay, sources.memory_limit);
    Ok(overlay.config)
}

/// Problems of the file in the order of its lines, then those of the other layers.
fn position(origin: &Origin) -> (u8, usize, usize) {
    match origin {
        Origin::File { line, column, .. } => (0, *line, *column),
        Origin::Environment(_) => (1, 0, 0),
        Origin::Flag(_) => (2, 0, 0),
        Origin::Default => (3, 0, 0),
    }
}

fn file(overlay: &mut Overlay, sources: &Sources<'_>) {
    let path = sources.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
    let name: Arc<str> = path.to_string_lossy().into();
    let place = |line, column| Origin::File {
        name: Arc::clone(&name),
        line,
        column,
    };
    let outcome = match (sources.read_file)(path) {
        Ok(text) => yaml::parse(&text, &place)
            .and_then(|root| root.map_or(Ok(()), |root| document(overlay, &root))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && sources.file.is_none() => Ok(()),
        Err(error) => Err(Problem::of(
            &place(0, 0),
            format!("cannot be read: {error}"),
        )),
    };
    if let Err(problem) = outcome {
        overlay.problems.push(problem);
        // Of what the file would have said nothing is known, so nothing is missing.
        overlay.mistaken.insert("nodes".to_owned());
    }
}

/// The single root key, and what stands beside it.
fn document(overlay: &mut Overlay, root: &Node) -> Result<(), Problem> {
    let Tree::Map(members) = &root.value else {
        let expected = "a mapping with the single root key miroir";
        let text = format!("got {}, expected {expected}", root.describe());
        return if root.is_null() {
            Ok(())
        } else {
            Err(Problem::of(&root.origin, text))
        };
    };
    let mut first: Option<&Member> = None;
    for member in members {
        if member.name != "miroir" {
            let below = if siblings("").contains(&member.name.as_str()) {
                ": it belongs under miroir"
            } else {
                ""
            };
            let text = format!("unknown key{below}, expected the single root key miroir");
            overlay.problems.push(Problem {
                origin: member.origin.clone(),
                path: member.name.clone(),
                text,
            });
        } else if let Some(first) = first {
            let text = format!(
                "written twice, first {}, expected once",
                first.origin.describe()
            );
            overlay
                .problems
                .push(Problem::at_key(&member.origin, "", text));
        } else {
            first = Some(member);
        }
    }
    let Some(Member { node, .. }) = first else {
        return Ok(());
    };
    match &node.value {
        Tree::Map(members) => overlay.apply("", members),
        _ if node.is_null() => {}
        _ => {
            let text = format!("got {}, expected a mapping of keys", node.describe());
            return Err(Problem::at_key(&node.origin, "", text));
        }
    }
    Ok(())
}

/// One `--set path=yaml`, as if the path had been written out in a file.
fn flag(overlay: &mut Overlay, setting: &str) {
    let Some((path, text)) = setting.split_once('=') else {
        // Not repeated: it may be a secret without its key.
        let origin = Origin::Flag("?".to_owned());
        return overlay
            .problems
            .push(Problem::of(&origin, "has no =, expected path=value"));
    };
    let origin = Origin::Flag(path.to_owned());
    let place = |_, _| origin.clone();
    let value = match yaml::parse(text, &place) {
        Ok(Some(node)) => node,
        Ok(None) => Node {
            origin: origin.clone(),
            value: Tree::Scalar(super::tree::Scalar::plain("")),
        },
        Err(problem) => return overlay.problems.push(problem),
    };
    let mut node = value;
    for name in path.split('.').rev() {
        let member = Member {
            name: name.to_owned(),
            origin: origin.clone(),
            node,
        };
        node = Node {
            origin: origin.clone(),
            value: Tree::Map(vec![member]),
        };
    }
    if let Tree::Map(members) = &node.value {
        overlay.apply("", members);
    }
}

/// Multiplies the marked defaults that nobody wrote.
fn scale(overlay: &mut Overlay, memory_limit: Option<u64>) {
    let factor = match overlay.config.server.memory_multiplier {
        MemoryMultiplier::Fixed(factor) => factor,
        MemoryMultiplier::Auto => memory_limit.map_or(1.0, |limit| {
            (limit as f64 / BASELINE_MEMORY as f64).max(1.0)
        }),
    };
    for key in table::keys().filter(|key| key.is_scaled()) {
        if overlay.written.contains_key(key.path) {
            continue;
        }
        let table::Allowed::Range(_, high) = key.allowed else {
            continue;
        };
        let default: f64 = (key.get)(&overlay.config)
            .parse()
            .expect("a scaled key is a number");
        let scaled = (default * factor).min(high as f64) as u64;
        overlay.apply_text(key, Origin::Default, &scaled.to_string());
    }
}
