//! Which package may depend on which: only on those below it, and the core on nothing that has effects.

use crate::workspace::Package;

/// What a package of the workspace may use of the workspace, the lowest first.
const LAYERS: [(&str, &[&str]); 10] = [
    ("miroir-core", &[]),
    // Long runs are to build quickly, so it stands on nothing else.
    ("miroir-fuzz", &["miroir-core"]),
    ("miroir-store", &["miroir-core"]),
    ("miroir-node", &["miroir-core"]),
    // The proxy never links the engine: its release binary stays small and static.
    (
        "miroir-proxy",
        &["miroir-core", "miroir-store", "miroir-node"],
    ),
    ("miroir-devnode", &["miroir-core", "miroir-node"]),
    ("miroir-ctl", &["miroir-core", "miroir-node"]),
    (
        "miroir-testkit",
        &[
            "miroir-core",
            "miroir-store",
            "miroir-node",
            "miroir-proxy",
            "miroir-devnode",
            "miroir-fuzz",
        ],
    ),
    (
        "miroir-dev",
        &[
            "miroir-core",
            "miroir-store",
            "miroir-node",
            "miroir-proxy",
            "miroir-devnode",
            "miroir-testkit",
        ],
    ),
    ("xtask", &[]),
];

/// Sockets, threads, randomness, logging: none of them belongs into a function of its arguments.
const IMPURE: [&str; 12] = [
    "tokio",
    "tokio-util",
    "futures-util",
    "hyper",
    "hyper-util",
    "axum",
    "tower",
    "tower-http",
    "rand",
    "tracing",
    "tracing-subscriber",
    "rusqlite",
];

/// Every dependency that points upwards or sideways.
pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == package.name) else {
            faults.push(format!(
                "{}: has no layer; give it one in xtask/src/layers.rs",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let ours = LAYERS.iter().any(|(layer, _)| *layer == name);
            // Tests of a package may use the test kit; nothing that is shipped may.
            let test_only = dependency.kind.as_deref() == Some("dev") && name == "miroir-testkit";
            if ours && !below.contains(&name) && !test_only {
                faults.push(format!(
                    "{}: depends on {name}, which is not below it",
                    package.name
                ));
            }
            if package.name == "miroir-core" && dependency.kind.is_none() && IMPURE.contains(&name)
            {
                faults.push(format!("miroir-core: depends on {name}, but is pure"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{IMPURE, LAYERS, check};
    use crate::workspace::{Dependency, Package};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
            })
            .collect();
        Package {
            name: name.to_owned(),
            folder: "".into(),
            dependencies,
        }
    }

    #[test]
    fn downwards_is_fine() {
        let proxy = package(
            "miroir-proxy",
            &[
                ("miroir-core", None),
                ("tokio", None),
                ("miroir-testkit", Some("dev")),
            ],
        );
        assert_eq!(
            check(&[
                proxy,
                package("miroir-core", &[("serde", None), ("rand", Some("dev"))])
            ]),
            [""; 0]
        );
    }

    #[test]
    fn upwards_and_impure_are_faults() {
        let faults = check(&[
            package("miroir-proxy", &[("miroir-devnode", None)]),
            package("miroir-core", &[(IMPURE[0], None), ("miroir-node", None)]),
            package("new", &[]),
        ]);
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert_eq!(
            faults[0],
            "miroir-proxy: depends on miroir-devnode, which is not below it"
        );
    }

    #[test]
    fn a_layer_names_only_layers_above_it_in_the_list() {
        for (position, (name, below)) in LAYERS.iter().enumerate() {
            for other in *below {
                let found = LAYERS[..position].iter().any(|(lower, _)| lower == other);
                assert!(found, "{name} may use {other}");
            }
        }
    }
}
