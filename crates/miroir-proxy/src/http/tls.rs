//! TLS of a listener: certificate and key from files, read again when they change, and clients' certificates where they are asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use miroir_node::{TlsError, read_certificates, read_key, roots_of};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::ServerTls;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// A client must have shaken hands within this time.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Takes connections by TLS.
pub(crate) struct Secure {
    files: Files,
    acceptor: arc_swap::ArcSwap<ServerConfig>,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    client_authorities: Option<PathBuf>,
}

impl Secure {
    /// `None` when the listener speaks plain HTTP.
    pub(crate) fn of(config: &ServerTls) -> Result<Option<Arc<Self>>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.cert_file, &config.key_file) else {
            return Ok(None);
        };
        let files = Files {
            certificate: certificate.clone(),
            key: key.clone(),
            client_authorities: config.client_ca_file.clone(),
        };
        let acceptor = arc_swap::ArcSwap::from_pointee(files.load()?);
        Ok(Some(Arc::new(Self { files, acceptor })))
    }

    /// The connection once both sides agree; `None` when they do not, or not in time.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<Box<TlsStream<TcpStream>>> {
        let acceptor = TlsAcceptor::from(self.acceptor.load_full());
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(Box::new(stream)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a client could not be agreed with about TLS");
                None
            }
            Err(_) => None,
        }
    }

    /// Takes over files that have changed; those that cannot be used are told in the log, and the old ones stay in use. Never ends.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut seen = self.files.stamps();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.files.stamps();
            if now == seen {
                continue;
            }
            seen = now;
            match self.files.load() {
                Ok(config) => {
                    self.acceptor.store(Arc::new(config));
                    tracing::info!("the certificate of the listener was read again");
                }
                Err(error) => {
                    tracing::error!(%error, "the new certificate cannot be used, the old one stays")
                }
            }
        }
    }
}

impl Files {
    fn load(&self) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(default_provider());
        let unusable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| TlsError::Unusable { path, source }
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions");
        let builder = match &self.client_authorities {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = Arc::new(roots_of(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                let no_roots = |error: rustls::server::VerifierBuilderError| {
                    unusable(path)(rustls::Error::General(error.to_string()))
                };
                builder.with_client_cert_verifier(verifier.map_err(no_roots)?)
            }
        };
        let mut config = builder
            .with_single_cert(read_certificates(&self.certificate)?, read_key(&self.key)?)
            .map_err(unusable(&self.certificate))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// When each file was changed last.
    fn stamps(&self) -> Vec<Option<SystemTime>> {
        let files = [&self.certificate, &self.key];
        let files = files.into_iter().chain(&self.client_authorities);
        let stamp = |path: &PathBuf| {
            std::fs::metadata(path)
                .and_then(|file| file.modified())
                .ok()
        };
        files.map(stamp).collect()
    }
}
