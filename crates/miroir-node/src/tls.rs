//! TLS towards servers: whom to trust, and who we are. There is no way to trust everybody.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// How connections to `https://` addresses are made. Clones are the same.
#[derive(Debug, Clone)]
pub struct Tls(pub(crate) Arc<ClientConfig>);

/// Files that say whom to trust and who we are.
#[derive(Debug, Clone, Copy, Default)]
pub struct TlsFiles<'a> {
    /// Certificates of authorities, in PEM; `None`: those that the system trusts (`SSL_CERT_FILE` is honoured).
    pub ca_file: Option<&'a Path>,
    /// Our own certificate and its key, in PEM, for servers that ask who is calling.
    pub identity: Option<(&'a Path, &'a Path)>,
}

/// Why certificates or keys cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: pem::Error },
    #[error("{}: there is no certificate in it", path.display())]
    Empty { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Unusable {
        path: PathBuf,
        source: rustls::Error,
    },
    #[error("the system has no trusted certificates: {0}")]
    NoSystemStore(String),
}

impl Tls {
    /// Trusts nobody: for addresses that are all `http://`.
    #[must_use]
    pub fn none() -> Self {
        Self::trusting(RootCertStore::empty())
    }

    /// Trusts and presents what the files say.
    ///
    /// # Errors
    /// A file that cannot be read or used; a system without certificates.
    pub fn load(files: TlsFiles<'_>) -> Result<Self, TlsError> {
        let roots = match files.ca_file {
            Some(path) => roots_of(path)?,
            None => system_roots()?,
        };
        let Some((certificate, key)) = files.identity else {
            return Ok(Self::trusting(roots));
        };
        let unusable = |source| TlsError::Unusable {
            path: certificate.to_path_buf(),
            source,
        };
        let config = builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(read_certificates(certificate)?, read_key(key)?)
            .map_err(unusable)?;
        Ok(Self(Arc::new(config)))
    }

    fn trusting(roots: RootCertStore) -> Self {
        let config = builder().with_root_certificates(roots);
        Self(Arc::new(config.with_no_client_auth()))
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions")
}

/// The authorities in a file.
///
/// # Errors
/// Without one that can be used.
pub fn roots_of(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots
            .add(certificate)
            .map_err(|source| TlsError::Unusable {
                path: path.to_path_buf(),
                source,
            })?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    Err(TlsError::NoSystemStore(reasons.join("; ")))
}

/// The certificates in a PEM file, at least one.
///
/// # Errors
/// A file that is not there or holds none.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::File {
        path: path.to_path_buf(),
        source,
    };
    let read = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let certificates = read.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    match certificates.is_empty() {
        false => Ok(certificates),
        true => Err(TlsError::Empty {
            path: path.to_path_buf(),
        }),
    }
}

/// The private key in a PEM file.
///
/// # Errors
/// A file that is not there or holds none.
pub fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::File {
        path: path.to_path_buf(),
        source,
    })
}
