//! How requests leave the process to addresses that somebody else chose: webhooks, the targets of exports.

use miroir_node::{External, Reach, Tls, TlsFiles};
use tokio::sync::OnceCell;

use crate::config::Config;

/// The way out.
pub(crate) struct Outside {
    to_clients: Reach,
    /// The system's certificates, read when they are first needed.
    tls: OnceCell<Tls>,
}

impl Outside {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            to_clients: Reach::Public(config.security.allowed_ip_networks.0.clone().into()),
            tls: OnceCell::new(),
        }
    }

    /// Where URLs of clients may lead.
    pub(crate) fn to_clients(&self) -> Reach {
        self.to_clients.clone()
    }

    /// What sends requests there.
    pub(crate) async fn external(&self, reach: Reach) -> External {
        let load = async || match Tls::load(TlsFiles::default()) {
            Ok(tls) => tls,
            Err(error) => {
                tracing::warn!(%error, "other servers can only be called by plain http");
                Tls::none()
            }
        };
        External::new(reach, self.tls.get_or_init(load).await)
    }
}
