# The one door. `just` lists what there is.

default:
    @just --list

# Formatting, lints, layers.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo run --quiet -p xtask -- layers

# Every test.
test *arguments:
    cargo test --workspace {{arguments}}

# Write what follows from tables: docs/errors.md, docs/configuration.md, miroir.default.yaml.
generate:
    MIROIR_WRITE_GENERATED=1 cargo test -p miroir-core the_error_page_is_fresh
    MIROIR_WRITE_GENERATED=1 cargo test -p miroir-proxy generated_files_are_fresh

# Ratios against a direct node, in one run.
bench *arguments:
    cargo bench --workspace {{arguments}}

# The same requests against one node and against Miroir; answers must be equal.
oracle *arguments:
    cargo test -p miroir-testkit --release {{arguments}} oracle

# Random cases against the pure core: just fuzz filter --seconds 300.
fuzz *arguments:
    cargo run --release -p miroir-fuzz -- {{arguments}}

# A fleet on this machine: nodes and a proxy.
dev *arguments:
    cargo run --release -p miroir-dev -- {{arguments}}

# What a merge needs.
ci:
    .ci/run
