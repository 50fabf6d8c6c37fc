//! Which addresses a URL that clients supply may lead to: the public internet, and what the operator allows beyond it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Where calls may go. Clones are the same.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Anywhere: the address is the operator's own.
    Everywhere,
    /// To public addresses and to these networks.
    Public(Arc<[Network]>),
}

impl Reach {
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        match self {
            Reach::Everywhere => true,
            Reach::Public(allowed) => {
                let address = address.to_canonical();
                is_public(address) || allowed.iter().any(|network| network.contains(address))
            }
        }
    }
}

impl Network {
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_| NotANetwork)?,
            None => longest,
        };
        match prefix <= longest {
            true => Ok(Self { address, prefix }),
            false => Err(NotANetwork),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// By IANA's registries of special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation();
    let [first, second, third, _] = address.octets();
    let reserved = match first {
        // Multicast and what is kept for later, too.
        0 | 224..=255 => true,
        // Shared by the customers of one provider.
        100 => (64..128).contains(&second),
        192 => second == 0 && third == 0,
        198 => second == 18 || second == 19,
        _ => false,
    };
    !special && !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only this eighth is given out; of it, protocol assignments, documentation and 6to4 are not.
    let [first, second, ..] = address.segments();
    let is_given_out = first & 0xe000 == 0x2000;
    let special = match first {
        0x2001 => second < 0x200 || second == 0xdb8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    is_given_out && !special
}

#[cfg(test)]
mod tests {
    use super::{Network, Reach};

    fn allows(reach: &Reach, address: &str) -> bool {
        reach.allows(address.parse().expect("an address"))
    }

    #[test]
    fn private_addresses_are_out_of_reach() {
        let public = Reach::Public([].into());
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.251",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b:1::1",
            "2001:db8::1",
            "2002::1",
            "ff02::1",
        ] {
            assert!(!allows(&public, address), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "2606:4700::1111"] {
            assert!(allows(&public, address), "{address}");
        }
        assert!(allows(&Reach::Everywhere, "127.0.0.1"));
    }

    #[test]
    fn the_operator_may_allow_networks() {
        let networks = ["10.0.0.0/8", "fd00::/8", "127.0.0.1"]
            .map(|text| text.parse::<Network>().expect(text));
        let reach = Reach::Public(networks.into());
        for (address, allowed) in [
            ("10.255.0.1", true),
            ("11.0.0.1", true),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd12::1", true),
            ("::ffff:10.0.0.1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(allows(&reach, address), allowed, "{address}");
        }
        for text in ["10.0.0.0/33", "a", "", "::/129", "10.0.0.0/"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let everything: Network = "0.0.0.0/0".parse().expect("a network");
        assert!(everything.contains("255.1.2.3".parse().expect("an address")));
    }
}
