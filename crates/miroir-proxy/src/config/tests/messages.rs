//! The wording and the places of problems.

use super::{from_text, messages, two_nodes_and, with};

fn assert_lines(actual: &str, expected: &[&str]) {
    let actual: Vec<&str> = actual.lines().collect();
    assert_eq!(actual, expected);
}

#[test]
fn a_dozen_mistakes_yield_a_dozen_lines() {
    let text = r#"miroir:
  shards: 0
  replication_factor: two
  replica_groups: "1"
  shard: 3
  node_timeout_ms: 4
  ilm:
    enabled: true
  server:
    port: 70000
    prot: 1
    port: 7700
    bind: everywhere
    tls: {cert_file: x}
  log:
    level: inof
  scatter: 5
  task_store:
    backend: redis
  admin:
    enabled: yes
  nodes:
    - id: Node-A
      address: http://user:word@a
    - address: ftp://b
      group: 1
    - text
other: 1
"#;
    assert_lines(
        &messages(from_text(text)),
        &[
            "c.yaml:2:11 miroir.shards: got \"0\", expected an integer from 1 to 4096",
            "c.yaml:3:23 miroir.replication_factor: got \"two\", expected an integer from 1 to 16",
            "c.yaml:4:19 miroir.replica_groups: got the text \"1\", expected an integer from 1 to 64",
            "c.yaml:5:3 miroir.shard: unknown key, did you mean shards?",
            "c.yaml:6:3 miroir.node_timeout_ms: unknown key, expected scatter.node_timeout_ms",
            "c.yaml:7:3 miroir.ilm: ilm is known but not built in this version and would have no effect, \
             expected it to be left out",
            "c.yaml:10:11 miroir.server.port: got \"70000\", expected an integer from 1 to 65535",
            "c.yaml:11:5 miroir.server.prot: unknown key, did you mean port?",
            "c.yaml:12:5 miroir.server.port: written twice, first on line 10, expected once",
            "c.yaml:13:11 miroir.server.bind: got \"everywhere\", expected an IP address",
            "c.yaml:14:22 miroir.server.tls.cert_file: server.tls.key_file is not set, expected both",
            "c.yaml:16:12 miroir.log.level: got \"inof\", expected error, warn, info, debug, trace or a filter such as \
             info,miroir_proxy=debug",
            "c.yaml:17:12 miroir.scatter: got \"5\", expected a mapping of keys",
            "c.yaml:19:14 miroir.task_store.backend: \"redis\" is known but not built in this version, expected sqlite",
            "c.yaml:21:14 miroir.admin.enabled: got \"yes\", expected true or false",
            "c.yaml:23:11 miroir.nodes[0].id: got \"Node-A\", expected lower-case letters, digits and inner hyphens, 1 to \
             63 in all",
            "c.yaml:24:16 miroir.nodes[0].address: it has user info, expected http://host[:port] without path, query or \
             user info",
            "c.yaml:25:7 miroir.nodes[1]: has no id, expected one",
            "c.yaml:25:16 miroir.nodes[1].address: not an http or https URL, expected \
             http://host[:port] without path, query or user info",
            "c.yaml:26:7 miroir.nodes[1].group: unknown key, expected one of address, id, replica_group",
            "c.yaml:27:7 miroir.nodes[2]: got \"text\", expected a mapping with id and address",
            "c.yaml:28:1 other: unknown key, expected the single root key miroir",
        ],
    );
}

#[test]
fn rules_across_keys_are_checked() {
    let text = two_nodes_and(
        "  replicas: 3
  metrics: {port: 7700}
  health:
    interval_ms: 1000
    timeout_ms: 1001
  server: {request_timeout_ms: 4000}
  connection_pool_per_node: {max_idle: 10, max_total: 9}
  scatter: {min_copies: 3}
  replica_groups: 2
",
    );
    assert_lines(
        &messages(from_text(&text)),
        &[
            "c.yaml:4:5 miroir.nodes: group 1 has no nodes, expected at least replication_factor 2",
            "c.yaml:8:13 miroir.replicas: a SQLite store cannot be shared by 3 processes, expected 1 (the redis store is \
             not built in this version)",
            "c.yaml:9:19 miroir.metrics.port: 7700 is also server.port, expected another port",
            "c.yaml:12:17 miroir.health.timeout_ms: got 1001, expected at most health.interval_ms, which is 1000",
            "c.yaml:13:32 miroir.scatter.node_timeout_ms: got 5000, expected at most server.request_timeout_ms, which is \
             4000",
            "c.yaml:14:40 miroir.connection_pool_per_node.max_idle: got 10, expected at most \
             connection_pool_per_node.max_total, which is 9",
            "c.yaml:15:25 miroir.scatter.min_copies: got 3, expected at most replication_factor, which is 2",
        ],
    );
}

#[test]
fn nodes_must_differ_and_their_groups_must_exist() {
    let text = "miroir:
  nodes:
    - {id: a, address: 'http://a'}
    - {id: a, address: 'http://b:7700'}
    - {id: c, address: 'http://A:80/', replica_group: 1}
";
    assert_lines(
        &messages(from_text(text)),
        &[
            "c.yaml:4:12 miroir.nodes[1].id: a is also the id on line 3, expected a unique one",
            "c.yaml:5:24 miroir.nodes[2].address: http://a is also the address on line 3, expected a unique one",
            "c.yaml:5:55 miroir.nodes[2].replica_group: group 1 does not exist, expected one below replica_groups 1",
        ],
    );
    assert_lines(
        &messages(from_text("")),
        &["miroir.nodes: group 0 has no nodes, expected at least replication_factor 2"],
    );
}

#[test]
fn addresses_are_a_scheme_a_host_and_a_port() {
    for (address, wrong) in [
        ("a:7700", "not a URL"),
        ("ftp://a", "not an http or https URL"),
        ("http://a/path", "it has a path"),
        ("http://a?x", "it has a query or a fragment"),
        ("http://", "it has no valid host"),
        ("http://:7700", "it has no host"),
        ("http://a:0", "its port is not from 1 to 65535"),
        ("http://a:", "its port is not from 1 to 65535"),
        ("http://a:70000", "its port is not from 1 to 65535"),
    ] {
        let text =
            format!("miroir: {{replication_factor: 1, nodes: [{{id: a, address: '{address}'}}]}}");
        let message = messages(from_text(&text));
        assert!(
            message.contains(&format!("address: {wrong}, expected")),
            "{address}: {message}"
        );
    }
    let text = "miroir: {replication_factor: 1, nodes: [{id: a, address: 'http://[::1]:7700'}]}";
    assert_eq!(
        from_text(text).expect("valid").nodes[0].address,
        "http://[::1]:7700"
    );
}

#[test]
fn a_file_that_is_no_yaml_is_one_problem_with_its_place() {
    assert_lines(
        &messages(from_text("miroir:\n  shards: [1,\n")),
        &["c.yaml:2:11 not valid YAML: unclosed bracket '['"],
    );
    assert_eq!(
        messages(from_text("miroir:\n---\nmiroir:\n"))
            .lines()
            .next(),
        Some("c.yaml:2:1 a second document, expected one")
    );
    assert!(
        messages(from_text("[1]"))
            .starts_with("c.yaml:1:1 got a list, expected a mapping with the single root key")
    );
    assert!(messages(from_text("scatter: {}")).starts_with(
        "c.yaml:1:1 scatter: unknown key: it belongs under miroir, expected the single root key miroir"
    ));
}

#[test]
fn aliases_are_followed_and_bounded() {
    let text = two_nodes_and("  shards: &n 16\n  task_registry: {cache_size: *n}\n");
    assert_eq!(
        messages(from_text(&text)),
        "c.yaml:9:31 miroir.task_registry.cache_size: got \"16\", expected an integer from 100 to 1000000"
    );
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(messages(from_text(&bomb)).contains("more than 10000 values, aliases included"));
}

#[test]
fn flags_and_variables_are_named_as_places() {
    let outcome = with(
        &two_nodes_and(""),
        &[
            ("MIROIR_SHARDS", "many"),
            ("MIROIR_SCATER__NODE_TIMEOUT_MS", "1"),
            ("MIROIR_ILM__ENABLED", "false"),
            ("MIROIR_X__Y", "1"),
            ("MIROIR_SERVICE_HOST", "10.0.0.1"),
        ],
        &[
            "server.port=x",
            "server.prt=1",
            "nothing",
            "nodes=5",
            "shards=[1",
        ],
    );
    let actual = messages(outcome);
    let lines: Vec<&str> = actual.lines().collect();
    assert_eq!(
        lines[..8],
        [
            "MIROIR_ILM__ENABLED ilm is known but not built in this version and would have no effect, expected it \
             to be left out",
            "MIROIR_SCATER__NODE_TIMEOUT_MS unknown variable, did you mean MIROIR_SCATTER__NODE_TIMEOUT_MS?",
            "MIROIR_SHARDS miroir.shards: got \"many\", expected an integer from 1 to 4096",
            "MIROIR_X__Y unknown variable, expected MIROIR_<SECTION>__<KEY> of a scalar key",
            "--set server.port miroir.server.port: got \"x\", expected an integer from 1 to 65535",
            "--set server.prt miroir.server.prt: unknown key, did you mean port?",
            "--set ? has no =, expected path=value",
            "--set nodes miroir.nodes: got \"5\", expected a list of nodes",
        ]
    );
    assert!(
        lines[8].starts_with("--set shards not valid YAML: "),
        "{}",
        lines[8]
    );
    assert_eq!(lines.len(), 9);
}
