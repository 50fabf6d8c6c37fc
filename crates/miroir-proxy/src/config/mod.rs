//! The configuration: one value that is read once, at start, and handed out section by section.
//!
//! Layers, later ones win: built-in defaults, one YAML file with the root key `miroir`, the environment, `--set`.
//! Every key is declared once (`table`), and everything that is wrong is reported at once (`problem`).

mod broadcast;
mod edge;
mod environment;
mod exact_dictionary;
mod later;
mod load;
mod nodes;
mod overlay;
mod planner;
mod problem;
mod process;
mod render;
mod rules;
mod scatter;
mod searches;
mod secret;
mod server;
mod store;
mod table;
mod tail;
mod traces;
mod tree;
mod value;
mod vectors;
mod yaml;

#[cfg(test)]
mod tests;

pub use broadcast::{Idempotency, SettingsBroadcast, SettingsDriftCheck, SettingsStrategy};
pub use edge::{Backups, Networks, NodeTls, Security, ServerTls, TaskWebhook};
pub use exact_dictionary::{ExactDictionary, Patterns};
pub use load::{DEFAULT_FILE, ReadFile, Sources, load};
pub use nodes::NodeEntry;
pub use planner::{Explain, QueryPlanner};
pub use problem::{Origin, Problem, Problems};
pub use render::{default_file, reference_page};
pub use scatter::{Health, Rebalancer, Scatter, UnavailableShardPolicy, WriteQuorum};
pub use searches::{MultiSearch, QueryCoalescing};
pub use secret::Secret;
pub use server::{Admin, ConnectionPoolPerNode, Log, LogLevel, Metrics, Server};
pub use store::{Backend, TaskRegistry, TaskStore};
pub use tail::{Hedging, ReplicaSelection, Strategy};
pub use traces::Tracing;
pub use value::{ByteSize, Factor, MemoryMultiplier, Millis, Ratio, Seconds};
pub use vectors::{MergeStrategy, VectorSearch};

use table::Allowed::{Any, AtLeast, Range};

table::section! {
    /// Keys of the root.
    Config at () {
        /// Master key that clients use, the root of all API keys and tenant tokens. Unset: client routes are open and
        /// `/keys` answers 401 `missing_master_key`, as on a server without one.
        master_key: Option<Secret> = None, Any;
        /// The only credential that is sent to nodes: their master key, or an admin child key of it.
        node_master_key: Option<Secret> = None, Any;
        /// Number of shards of indexes that are created from now on; recorded per index.
        shards: u16 = 64, Range(1, 4096);
        /// Copies of a shard inside one replica group.
        replication_factor: u16 = 2, Range(1, 16);
        /// Number of replica groups.
        replica_groups: u16 = 1, Range(1, 64);
        /// Miroir processes that share this configuration; used only for validation.
        replicas: u32 = 1, AtLeast(1);
        nested {
            /// The nodes of the first start; afterwards the topology in the store is the truth.
            nodes: Vec<NodeEntry>,
            /// Where durable state lives.
            task_store: TaskStore,
            /// The admin API.
            admin: Admin,
            /// The client and admin listener.
            server: Server,
            /// The scrape listener.
            metrics: Metrics,
            /// Logging.
            log: Log,
            /// Traces.
            tracing: Tracing,
            /// Connections to each node.
            connection_pool_per_node: ConnectionPoolPerNode,
            /// Health probes.
            health: Health,
            /// Requests to nodes.
            scatter: Scatter,
            /// Which of equally good copies a read asks.
            replica_selection: ReplicaSelection,
            /// Late legs of reads.
            hedging: Hedging,
            /// Copies of documents from node to node.
            rebalancer: Rebalancer,
            /// Reads whose filter names primary keys.
            query_planner: QueryPlanner,
            /// Identical searches at the same time.
            query_coalescing: QueryCoalescing,
            /// Writes with an `Idempotency-Key`.
            idempotency: Idempotency,
            /// How changes of settings come to the nodes.
            settings_broadcast: SettingsBroadcast,
            /// Whether the nodes still have the settings that they were given.
            settings_drift_check: SettingsDriftCheck,
            /// Plans told instead of carried out.
            explain: Explain,
            /// Several searches in one request.
            multi_search: MultiSearch,
            /// The registry of tasks.
            task_registry: TaskRegistry,
            /// Semantic and hybrid search.
            vector_search: VectorSearch,
            /// Exact dictionary mode.
            exact_dictionary: ExactDictionary,
            /// TLS to nodes.
            node_tls: NodeTls,
            /// Where requests go that clients cause.
            security: Security,
            /// The webhook of the process.
            task_webhook: TaskWebhook,
            /// Dumps and snapshots of the fleet.
            backups: Backups,
        }
    }
}
