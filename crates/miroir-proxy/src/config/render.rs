//! What is written from the table of keys: the printed configuration, the file of all defaults, the reference page.

use std::fmt::Write;

use super::table::{Allowed, Key, SECTIONS, Section};
use super::value::quote;
use super::{Config, environment, later, nodes};

/// Written into the file of all defaults, where a real list cannot stand.
const EXAMPLE_NODES: &str =
    "  # The nodes of the first start, at least replication_factor per replica group; required.
  # nodes:
  #   - id: node-a
  #     address: http://10.0.0.1:7700
  #   - id: node-b
  #     address: http://10.0.0.2:7700
  #     replica_group: 0
";

impl Config {
    /// The effective configuration as a YAML file; secrets that are set show as `***`.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut out = String::from("miroir:\n");
        for section in SECTIONS {
            let indent = open(&mut out, section);
            for key in section.keys {
                line(&mut out, &indent, key, self);
            }
            if section.path.is_empty() {
                self.list_nodes(&mut out);
            }
        }
        out
    }

    fn list_nodes(&self, out: &mut String) {
        if self.nodes.is_empty() {
            out.push_str("  nodes: []\n");
            return;
        }
        out.push_str("  nodes:\n");
        for node in &self.nodes {
            // An id may look like a number, so it is always quoted.
            let _ = writeln!(out, "    - id: \"{}\"", node.id);
            let _ = writeln!(out, "      address: {}", quote(&node.address));
            let _ = writeln!(out, "      replica_group: {}", node.replica_group);
        }
    }
}

/// Returns what stands before the keys of the section.
fn open(out: &mut String, section: &Section) -> String {
    let mut indent = "  ".to_owned();
    if let Some(name) = section
        .path
        .rsplit('.')
        .next()
        .filter(|name| !name.is_empty())
    {
        indent.push_str(&"  ".repeat(section.path.matches('.').count()));
        let _ = writeln!(out, "{indent}{name}:");
        indent.push_str("  ");
    }
    indent
}

fn line(out: &mut String, indent: &str, key: &Key, config: &Config) {
    let _ = writeln!(out, "{indent}{}: {}", key.name(), (key.get)(config));
}

/// Every key with its default and its meaning, as a file to start from.
#[must_use]
pub fn default_file() -> String {
    let mut out = String::from(
        "# Every key of the configuration with its default. Written by the tests of miroir-proxy; do not edit.\n\
         # Only nodes must be written; everything else may be left out.\nmiroir:\n",
    );
    let defaults = Config::default();
    for section in SECTIONS {
        let indent = open(&mut out, section);
        for key in section.keys {
            for text in wrap(&key.sentence(), 100) {
                let _ = writeln!(out, "{indent}# {text}");
            }
            let _ = writeln!(out, "{indent}# Expected: {}.", (key.expected)(&key.allowed));
            line(&mut out, &indent, key, &defaults);
        }
        if section.path.is_empty() {
            out.push_str(EXAMPLE_NODES);
        }
    }
    out
}

const INTRODUCTION: &str = "\
<!-- Written by the tests of miroir-proxy from the table of keys; do not edit. -->

# Configuration

The configuration is one YAML document with the single root key `miroir`. `--config FILE` names it; without the flag
`/etc/miroir/config.yaml` is read if it exists. Only `nodes` must be written:

```yaml
miroir:
  nodes:
    - id: node-a
      address: http://10.0.0.1:7700
    - id: node-b
      address: http://10.0.0.2:7700
```

## Layers

Built-in defaults, then the file, then the environment, then `--set path=value` (repeatable; the path without `miroir.`,
the value as YAML): a later layer wins key by key. `nodes` is replaced as a whole.

- Every scalar key below has a variable: `MIROIR_` and the path in capitals, levels joined by two underscores, as in
  `MIROIR_SCATTER__NODE_TIMEOUT_MS=4000`. An unknown `MIROIR_` name that contains two underscores in a row is an error;
  other unknown names are ignored, because Kubernetes injects some.
- A secret may also come from a file that the named variable with `_FILE` appended names. Setting both is an error.
- An empty variable, and an empty secret, is the same as none.

An unknown key, a key that is written twice, a wrong type and a value out of range are errors. All problems are reported at
once, as `file:line:column path: what is wrong, what is expected`. `--check-config` does only that and exits with 0 or 1;
`--print-config` prints what is in force. Secrets are printed as `***`.

";

/// The reference page.
#[must_use]
pub fn reference_page() -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("## Variables with a name of their own\n\n| variable | key |\n|---|---|\n");
    for (name, path) in environment::NAMED {
        let secret = super::table::key(path).is_some_and(|key| key.secret);
        let file = if secret {
            format!(", `{name}_FILE`")
        } else {
            String::new()
        };
        let _ = writeln!(out, "| `{name}`{file} | `{path}` |");
    }
    out.push_str("\n## Keys\n");
    let defaults = Config::default();
    for section in SECTIONS {
        let title = if section.path.is_empty() {
            "Root"
        } else {
            section.path
        };
        let about: Vec<&str> = section.meaning.iter().map(|line| line.trim()).collect();
        let _ = writeln!(out, "\n### {title}\n\n{}\n", about.join(" "));
        out.push_str("| key | default | expected | meaning |\n|---|---|---|---|\n");
        for key in section.keys {
            row(&mut out, key, &defaults);
        }
        if section.path.is_empty() {
            for (name, expected, meaning) in nodes::FIELDS {
                let default = if name == "replica_group" {
                    "`0`"
                } else {
                    "required"
                };
                let _ = writeln!(
                    out,
                    "| `nodes[].{name}` | {default} | {expected} | {meaning} |"
                );
            }
        }
    }
    out.push_str(
        "\n## Not built in this version\n\nThese keys belong to the product, but would have no effect yet. They are refused by \
         name:\n\n",
    );
    let names: Vec<String> = later::LATER
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    for text in wrap(&names.join(", "), 118) {
        let _ = writeln!(out, "{text}");
    }
    out
}

fn row(out: &mut String, key: &Key, defaults: &Config) {
    let default = if key.secret {
        "unset".to_owned()
    } else {
        format!("`{}`", (key.get)(defaults))
    };
    let expected = match key.allowed {
        Allowed::Any if key.secret => "a text; may also come from a file".to_owned(),
        _ => (key.expected)(&key.allowed),
    };
    let _ = writeln!(
        out,
        "| `{}` | {default} | {expected} | {} |",
        key.path,
        key.sentence()
    );
}

/// Breaks a text at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
