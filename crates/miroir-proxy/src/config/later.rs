//! Keys that the product has and this version does not build yet. They are refused, like every key that would have no
//! effect, but by their own name: whoever writes one has not misspelt it.

/// Whole sections, or single keys of a section that exists.
pub(super) const LATER: &[&str] = &[
    "admin_ui",
    "aliases",
    "anti_entropy",
    "canaries",
    "canary_runner",
    "cdc",
    "dump_import",
    "hpa",
    "ilm",
    "leader_election",
    "peer_discovery",
    "rebalancer.grace_period_s",
    "rebalancer.max_concurrent_migrations",
    "rebalancer.migration_timeout_s",
    "rebalancer.rf_restore_after_s",
    "resharding",
    "rollover_policies",
    "search_ui",
    "server.trusted_proxies",
    "session_pinning",
    "shadow",
    "task_registry.redis_pool_max",
    "task_store.key_prefix",
    "task_store.url",
    "task_store.wait_replicas",
    "tenant_affinity",
    "ttl",
];

/// The row that covers a path, which may lie deeper.
pub(super) fn find(path: &str) -> Option<&'static str> {
    LATER.iter().copied().find(|name| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What is wrong with such a key.
pub(super) fn message(name: &str) -> String {
    format!(
        "{name} is known but not built in this version and would have no effect, expected it to be left out"
    )
}
