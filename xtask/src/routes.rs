//! Every route that is served is on the page about compatibility.

use std::fs;
use std::path::Path;

use anyhow::Context;

const ROUTER: &str = "crates/miroir-proxy/src/http/router.rs";
const PAGE: &str = "docs/compatibility.md";

/// Every path that the router names and the page does not.
pub(crate) fn check() -> anyhow::Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let (router, page) = (read(ROUTER)?, read(PAGE)?);
    let missing = paths(&router)
        // The page calls it what clients call it.
        .map(|path| path.replace("{index_uid}", "{uid}"))
        .filter(|path| !page.contains(&format!("{path}`")));
    Ok(missing
        .map(|path| format!("{PAGE}: does not name the route {path}"))
        .collect())
}

/// The literal first arguments of `.route(`.
fn paths(source: &str) -> impl Iterator<Item = &str> {
    source.split(".route(").skip(1).filter_map(|rest| {
        let path = rest.trim_start().strip_prefix('"')?;
        path.split('"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::{check, paths};

    #[test]
    fn literal_paths_are_found_wherever_they_stand() {
        let source = "x.route(\"/a\", get(b))\n.route(\n  \"/c/{id}\",\n post(d)).route(&name, e)";
        assert_eq!(paths(source).collect::<Vec<_>>(), ["/a", "/c/{id}"]);
    }

    #[test]
    fn every_route_is_documented() {
        assert_eq!(check().unwrap(), Vec::<String>::new());
    }
}
