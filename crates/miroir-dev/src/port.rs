//! Ports of the loopback address.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, bail};

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

/// One port per node: its remembered one where that is free, else another. They differ, and were free a moment ago.
pub(crate) fn for_nodes(count: u16, remembered: &[u16]) -> anyhow::Result<Vec<u16>> {
    let listeners = (0..usize::from(count))
        .map(|position| {
            let wanted = remembered.get(position).copied().unwrap_or(0);
            TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
                .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        })
        .collect::<Result<Vec<_>, _>>()
        .context("cannot find free ports for the nodes")?;
    let ports = listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()));
    ports.collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{for_nodes, reserve};

    #[test]
    fn a_used_port_is_refused_for_the_proxy_and_replaced_for_a_node() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = reserve(port, 1).err().unwrap().to_string();
        assert!(
            error.contains(&port.to_string()) && error.ends_with("with --port"),
            "{error}"
        );
        let ports = for_nodes(2, &[port]).unwrap();
        assert!(ports.len() == 2 && !ports.contains(&port) && ports[0] != ports[1]);
        assert_eq!(for_nodes(2, &ports).unwrap(), ports);
    }

    #[test]
    fn the_two_ports_of_the_proxy_differ() {
        assert!(reserve(7700, 7700).is_err());
    }
}
