//! Sections of what crosses the edge: TLS on both sides, and where URLs of clients may lead.

use std::path::PathBuf;

use miroir_node::Network;
use url::Url;

use super::secret::Secret;
use super::table::Allowed::Any;
use super::table::{Allowed, Mismatch, section};
use super::tree::Scalar;
use super::value::{Value, quote, web_address};

section! {
    /// TLS of the client and admin listener. The files are read again when they change.
    ServerTls at (server.tls) {
        /// The certificate of this server and those between it and its authority, PEM. Unset: plain HTTP.
        cert_file: Option<PathBuf> = None, Any;
        /// The private key of the certificate, PEM.
        key_file: Option<PathBuf> = None, Any;
        /// Authorities whose certificate every client must show, PEM. Unset: none is asked for.
        client_ca_file: Option<PathBuf> = None, Any;
    }
}

section! {
    /// TLS to nodes whose address begins with `https://`. Their certificates are always verified.
    NodeTls at (node_tls) {
        /// Authorities that sign certificates of nodes, PEM. Unset: those that the system trusts.
        ca_file: Option<PathBuf> = None, Any;
        /// The certificate that is shown to nodes which ask for one, PEM.
        client_cert_file: Option<PathBuf> = None, Any;
        /// The private key of that certificate, PEM.
        client_key_file: Option<PathBuf> = None, Any;
    }
}

section! {
    /// Where requests go that clients cause.
    Security at (security) {
        /// Private networks that URLs of webhooks and exports may lead to, such as `10.0.0.0/8`; all others are refused.
        allowed_ip_networks: Networks = Networks(Vec::new()), Any;
    }
}

section! {
    /// The webhook of the process: it is told of every finished task, and clients see but cannot change it.
    TaskWebhook at (task_webhook) {
        /// Where to; may be a private address. Unset: there is none.
        url: Option<Url> = None, Any;
        /// The `Authorization` to send.
        authorization_header: Option<Secret> = None, Any;
    }
}

section! {
    /// Dumps and snapshots of the fleet.
    Backups at (backups) {
        /// Where the manifests go, in folders `dumps` and `snapshots`. Unset: the folder of the store.
        folder: Option<PathBuf> = None, Any;
    }
}

/// Ranges of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<Network>);

impl Value for Networks {
    fn expected(_: &Allowed) -> String {
        "a list of networks such as 10.0.0.0/8".to_owned()
    }

    /// One text: networks with commas between them, as a variable has them.
    fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch> {
        let parts = scalar.text.split(',').map(str::trim);
        let parts: Vec<Scalar> = parts
            .filter(|part| !part.is_empty())
            .map(Scalar::plain)
            .collect();
        Self::read_list(&parts, allowed)
    }

    fn read_list(items: &[Scalar], _: &Allowed) -> Result<Self, Mismatch> {
        let networks = items.iter().map(|item| item.text.parse());
        let networks = networks.collect::<Result<_, _>>();
        networks.map(Self).map_err(|_| Mismatch::Value)
    }

    fn show(&self) -> String {
        let networks = self.0.iter().map(|network| quote(&network.to_string()));
        format!("[{}]", networks.collect::<Vec<_>>().join(", "))
    }
}

impl Value for Option<PathBuf> {
    fn expected(_: &Allowed) -> String {
        "a path, or an empty text for none".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        Ok(match scalar.is_empty() {
            true => None,
            false => Some(PathBuf::from(&scalar.text)),
        })
    }

    fn show(&self) -> String {
        match self {
            Some(path) => quote(&path.to_string_lossy()),
            None => quote(""),
        }
    }
}

impl Value for Option<Url> {
    fn expected(_: &Allowed) -> String {
        "an http or https URL, or an empty text for none".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        if scalar.is_empty() {
            return Ok(None);
        }
        web_address(scalar).map(Some)
    }

    fn show(&self) -> String {
        quote(self.as_ref().map_or("", Url::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_read_and_shown() {
        let read = |text: &str| Networks::read(&Scalar::plain(text), &Any);
        let networks = read("10.0.0.0/8, ::1").expect("networks");
        assert_eq!(networks.show(), r#"["10.0.0.0/8", "::1/128"]"#);
        assert_eq!(read("").expect("none"), Networks::default());
        assert!(read("10.0.0.0/40").is_err());
        let url = |text: &str| <Option<Url> as Value>::read(&Scalar::plain(text), &Any);
        assert!(url("ftp://a").is_err() && url("a").is_err());
        assert_eq!(url("").expect("none"), None);
    }
}
