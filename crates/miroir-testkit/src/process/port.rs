//! Free ports on the loopback address.

use std::net::TcpListener;

/// A port that was free a moment ago. Another process may take it before it is used: whoever starts a server on it
/// tries again with another one.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
