//! Every dependency has a reason, written down.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::workspace::Package;

const PAGE: &str = "docs/dependencies.md";

/// Every direct dependency that the page does not name.
pub(crate) fn check(packages: &[Package]) -> anyhow::Result<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = fs::read_to_string(path).with_context(|| format!("cannot read {PAGE}"))?;
    let names: BTreeSet<&str> = packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.as_str())
        .collect();
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let missing = names
        .into_iter()
        .filter(|name| !ours(name) && !page.contains(&format!("`{name}`")));
    Ok(missing
        .map(|name| format!("{PAGE}: does not say why {name} is used"))
        .collect())
}
