//! TLS on both sides of the proxy: to nodes that show a certificate and ask for one, and to clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use miroir_node::{read_certificates, read_key, roots_of};
use miroir_testkit::cluster::{Cluster, MASTER_KEY};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::fixture::{fill, search, start, unique_word, until};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/certificates");
    folder.join(name)
}

/// Listens by TLS in front of a node, for callers that have a certificate of the authority.
async fn front(node: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("bound"));
    let provider = Arc::new(default_provider());
    let roots = Arc::new(roots_of(&file("authority.pem")).expect("certificates"));
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(
            read_certificates(&file("server.pem")).expect("a certificate"),
            read_key(&file("server.key")).expect("a key"),
        );
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a pair")));
    let node = node.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, node) = (acceptor.clone(), node.clone());
            tokio::spawn(async move {
                let mut secure = acceptor.accept(stream).await?;
                let mut plain = TcpStream::connect(node).await?;
                tokio::io::copy_bidirectional(&mut secure, &mut plain).await
            });
        }
    });
    url
}

#[tokio::test]
async fn nodes_are_reached_by_tls_and_by_nothing_less() {
    let mut fleet = start(Cluster::builder().nodes(2)).await;
    fill(&fleet.client(), 20).await;
    let mut nodes = Vec::new();
    for node in fleet.nodes() {
        nodes.push(json!({ "id": node.id(), "address": front(&node.url()).await }));
    }
    fleet.configure("nodes", nodes).expect("configured");
    for (key, name) in [
        ("ca_file", "authority.pem"),
        ("client_cert_file", "caller.pem"),
        ("client_key_file", "caller.key"),
    ] {
        let key = format!("node_tls.{key}");
        fleet
            .configure(&key, json!(file(name)))
            .expect("configured");
    }
    fleet.restart_proxy().await.expect("it starts again");
    let found = search(&fleet.client(), &json!({ "q": unique_word(7) })).await;
    let found = found.json().expect("JSON");
    assert_eq!(found["hits"][0]["id"], 7);

    // Nodes whose authority nobody trusts are not spoken to.
    let stranger = json!(file("stranger.pem"));
    fleet
        .configure("node_tls.ca_file", stranger)
        .expect("configured");
    fleet.proxy().respawn().expect("it starts again");
    let admin = fleet.admin();
    until("the certificates are refused", async || {
        let Ok(view) = admin.get("/_miroir/topology").await else {
            return false;
        };
        let view = view.json().unwrap_or(Value::Null);
        let nodes = view["nodes"].as_array().cloned().unwrap_or_default();
        let is_refused = |node: &Value| {
            node["error"]
                .as_str()
                .is_some_and(|error| error.contains("certificate"))
        };
        !nodes.is_empty() && nodes.iter().all(is_refused)
    })
    .await;
    let answer = search(&fleet.client(), &json!({})).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
}

/// A client that trusts the authority, with or without a certificate of its own.
fn caller(is_known: bool) -> TlsConnector {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots_of(&file("authority.pem")).expect("certificates"));
    let config = match is_known {
        false => builder.with_no_client_auth(),
        true => builder
            .with_client_auth_cert(
                read_certificates(&file("caller.pem")).expect("a certificate"),
                read_key(&file("caller.key")).expect("a key"),
            )
            .expect("a pair"),
    };
    TlsConnector::from(Arc::new(config))
}

/// The status line of `GET /indexes`, and the certificate that the proxy showed.
async fn ask(
    address: &str,
    caller: &TlsConnector,
) -> std::io::Result<(String, CertificateDer<'static>)> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = caller.connect(name, stream).await?;
    let shown = stream
        .get_ref()
        .1
        .peer_certificates()
        .expect("a certificate")[0]
        .clone();
    let head =
        format!("GET /indexes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER_KEY}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    Ok((String::from_utf8_lossy(&line).into_owned(), shown))
}

#[tokio::test]
async fn clients_are_served_by_tls_with_the_certificate_of_the_day() {
    let mut fleet = start(Cluster::builder()).await;
    let address = fleet.proxy_url().trim_start_matches("http://").to_owned();
    let folder = fleet.store().parent().expect("a folder").to_path_buf();
    let (certificate, key) = (folder.join("listener.pem"), folder.join("listener.key"));
    let install = |name: &str| {
        // The pair changes while it is looked at: one that does not fit is not taken over.
        std::fs::copy(file(&format!("{name}.key")), &key).expect("copied");
        std::fs::copy(file(&format!("{name}.pem")), &certificate).expect("copied");
    };
    install("server");
    fleet
        .configure("server.tls.cert_file", json!(certificate))
        .expect("configured");
    fleet
        .configure("server.tls.key_file", json!(key))
        .expect("configured");
    fleet.proxy().respawn().expect("it starts again");

    let anybody = caller(false);
    let shown = |name: &str| {
        read_certificates(&file(name))
            .expect("a certificate")
            .remove(0)
    };
    until("it is served by TLS", async || {
        match ask(&address, &anybody).await {
            Ok((line, certificate)) => line == "HTTP/1.1 200" && certificate == shown("server.pem"),
            Err(_) => false,
        }
    })
    .await;
    let plain = fleet.client().get("/health").await;
    assert!(plain.is_err(), "{plain:?}");
    install("renewed");
    until("the new certificate is shown", async || {
        match ask(&address, &anybody).await {
            Ok((_, certificate)) => certificate == shown("renewed.pem"),
            Err(error) => panic!("{error}"),
        }
    })
    .await;

    let authority = json!(file("authority.pem"));
    fleet
        .configure("server.tls.client_ca_file", authority)
        .expect("configured");
    fleet.proxy().respawn().expect("it starts again");
    let known = caller(true);
    until("who has a certificate is served", async || {
        ask(&address, &known)
            .await
            .is_ok_and(|(line, _)| line == "HTTP/1.1 200")
    })
    .await;
    assert!(ask(&address, &anybody).await.is_err());
}
