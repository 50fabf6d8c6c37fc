//! Ports of the loopback address, for servers that a program starts on this machine.
//!
//! Whoever looks for a free port and lets go of it, so that a server may listen on it, may see somebody else be given the
//! same one in between. A [`Port`] is held meanwhile by its number among the UDP ports, which no server here listens on, so
//! that no other process finds it free here. The system takes it back when the process ends, however it ends. Ports that are
//! found lie below those that systems give to outgoing connections, so that none of these gets in the way, also while
//! a server is away.

use std::hash::BuildHasher as _;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::ops::Range;

use tokio::net::TcpSocket;

/// Linux gives ports from 32768 on to outgoing connections, others from 49152 on.
const FOUND: Range<u16> = 10_000..30_000;

/// A port that is this process's own until the value is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _claim: UdpSocket,
}

impl Port {
    /// A port that nobody listens on.
    ///
    /// # Errors
    /// When there is none.
    pub fn free() -> io::Result<Self> {
        // Whoever looks at the same time begins elsewhere.
        let random = std::hash::RandomState::new().hash_one(());
        let length = u64::from(FOUND.end - FOUND.start);
        let first = FOUND.start + u16::try_from(random % length).expect("less than 16 bits");
        let mut numbers = (first..FOUND.end).chain(FOUND.start..first);
        numbers
            .find_map(|number| Self::take(number).ok())
            .ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }

    /// This port, if nobody listens on it and nobody else has it.
    ///
    /// # Errors
    /// When somebody does.
    pub fn take(number: u16) -> io::Result<Self> {
        let claim = UdpSocket::bind((Ipv4Addr::LOCALHOST, number))?;
        Self::look(number)?;
        Ok(Self {
            number,
            _claim: claim,
        })
    }

    /// Fails when somebody listens on it. Looks without listening: a process that another thread is just starting has a copy of
    /// what this one has open, and would take connections for a server that has yet to begin, or keep that from its port.
    fn look(number: u16) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, number).into())?;
        Ok(socket)
    }

    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Its number; the port is this process's own until the process ends.
    #[must_use]
    pub fn for_good(self) -> u16 {
        let number = self.number;
        std::mem::forget(self);
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::Port;

    #[test]
    fn a_port_that_is_looked_at_takes_no_connections_and_can_be_listened_on() {
        let number = Port::free().unwrap().number();
        let copy_in_a_process_that_begins = Port::look(number).unwrap();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, number)).is_err());
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok());
        drop(copy_in_a_process_that_begins);
    }

    #[test]
    fn two_who_look_for_a_port_before_either_listens_on_it_find_different_ones() {
        let ports: Vec<Port> = (0..100).map(|_| Port::free().unwrap()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let number = ports[0].number();
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
        assert!(Port::take(number).is_err());
        drop(ports);
        assert!(Port::take(number).is_err(), "somebody listens on it");
        drop(server);
        assert_eq!(Port::take(number).unwrap().number(), number);
    }
}
