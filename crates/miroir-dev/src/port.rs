//! The ports of the proxy, which a person chooses, and those of the nodes, which nobody has to know.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, bail};
use miroir_devnode::Port;

/// Holds the proxy's ports while the nodes' are chosen, so that no node gets one of them.
pub(crate) struct Reserved {
    _client: TcpListener,
    _metrics: TcpListener,
}

/// Finds out whether the ports that a person has asked for are free.
///
/// # Errors
/// A sentence that names the flag with which to choose another one.
pub(crate) fn reserve(port: u16, metrics_port: u16) -> anyhow::Result<Reserved> {
    if port == metrics_port {
        bail!("--port and --metrics-port are both {port}; choose two different ports");
    }
    Ok(Reserved {
        _client: bind(port, "--port")?,
        _metrics: bind(metrics_port, "--metrics-port")?,
    })
}

fn bind(port: u16, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!(
            "cannot listen on port {port}; stop the program that uses it, or choose another port with {flag}"
        )
    })
}

/// One port per node: its remembered one where that is free, else another.
pub(crate) fn for_nodes(count: u16, remembered: &[u16]) -> anyhow::Result<Vec<Port>> {
    let remembered = remembered.iter().copied().map(Some);
    remembered
        .chain(std::iter::repeat(None))
        .take(usize::from(count))
        .map(|wanted| {
            let own = wanted.and_then(|number| Port::take(number).ok());
            own.map_or_else(Port::free, Ok)
        })
        .collect::<Result<_, _>>()
        .context("cannot find free ports for the nodes")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{Port, for_nodes, reserve};

    #[test]
    fn a_used_port_is_refused_for_the_proxy_and_replaced_for_a_node() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = reserve(port, 1).err().unwrap().to_string();
        assert!(
            error.contains(&port.to_string()) && error.ends_with("with --port"),
            "{error}"
        );
        let numbers = |remembered: &[u16]| -> Vec<u16> {
            let ports = for_nodes(2, remembered).unwrap();
            ports.iter().map(Port::number).collect()
        };
        let ports = numbers(&[port]);
        assert!(ports.len() == 2 && !ports.contains(&port) && ports[0] != ports[1]);
        assert_eq!(numbers(&ports), ports);
    }

    #[test]
    fn the_two_ports_of_the_proxy_differ() {
        assert!(reserve(7700, 7700).is_err());
    }
}
