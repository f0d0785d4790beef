//! Is this address one that a stranger on the internet could have reached without us?
//!
//! Only those may be contacted on a stranger's word. The tables follow the IANA special-purpose address registries
//! (RFC 6890 and its updates). IPv6 is a list of what is allowed (`2000::/3` and translated public IPv4), because most of
//! its space is unassigned. Addresses that carry an IPv4 address inside are judged by the address inside.
//!
//! A NAT64 gateway with a prefix of its own (RFC 6052, section 2.2) looks like any other public address; an operator who
//! runs one keeps it from translating to private networks, as RFC 6052 section 3.1 asks.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// What an IP address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Globally routable unicast: the only class that the guard lets through.
    Public,
    /// `0.0.0.0/8` and `::`: "this host", which systems connect to themselves.
    Unspecified,
    /// `127.0.0.0/8` and `::1`.
    Loopback,
    /// RFC 1918 networks, and NAT64 prefixes for local use (RFC 8215).
    Private,
    /// `100.64.0.0/10`, between a provider and its customers (RFC 6598).
    CarrierNat,
    /// `169.254.0.0/16` and `fe80::/10`; cloud metadata services live here.
    LinkLocal,
    /// `fc00::/7`, and the older site-local `fec0::/10`.
    UniqueLocal,
    /// One packet to many hosts.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// For examples in texts.
    Documentation,
    /// For measuring devices in laboratories (RFC 2544, RFC 5180).
    Benchmarking,
    /// Held back, unassigned, or an outdated transition mechanism.
    Reserved,
}

impl AddressClass {
    /// The class of an address, looking into addresses that carry another one.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => class_of_v4(address),
            IpAddr::V6(address) => class_of_v6(address),
        }
    }

    /// Whether a stranger may send us to an address of this class.
    pub fn is_public(self) -> bool {
        self == Self::Public
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "a public address",
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierNat => "a carrier-grade NAT address",
            Self::LinkLocal => "a link-local address",
            Self::UniqueLocal => "a unique local address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "a documentation address",
            Self::Benchmarking => "a benchmarking address",
            Self::Reserved => "a reserved address",
        })
    }
}

/// The first network that contains the address decides, so narrower networks stand before wider ones.
const SPECIAL_V4: &[(Ipv4Addr, u32, AddressClass)] = &[
    (Ipv4Addr::BROADCAST, 32, AddressClass::Broadcast),
    (Ipv4Addr::UNSPECIFIED, 8, AddressClass::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, AddressClass::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, AddressClass::CarrierNat),
    (Ipv4Addr::new(127, 0, 0, 0), 8, AddressClass::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, AddressClass::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, AddressClass::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, AddressClass::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, AddressClass::Reserved),
    (Ipv4Addr::new(192, 168, 0, 0), 16, AddressClass::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, AddressClass::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, AddressClass::Multicast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, AddressClass::Reserved),
];

const SPECIAL_V6: &[(Ipv6Addr, u32, AddressClass)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, AddressClass::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, AddressClass::Loopback),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, AddressClass::Private),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, AddressClass::Benchmarking),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, AddressClass::Reserved), // Teredo, ORCHID and other protocols
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, AddressClass::Documentation),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, AddressClass::Documentation),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, AddressClass::UniqueLocal),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, AddressClass::LinkLocal),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, AddressClass::UniqueLocal),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, AddressClass::Multicast),
];

const GLOBAL_UNICAST_V6: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

fn class_of_v4(address: Ipv4Addr) -> AddressClass {
    SPECIAL_V4
        .iter()
        .find(|(network, prefix, _)| (address.to_bits() ^ network.to_bits()).leading_zeros() >= *prefix)
        .map_or(AddressClass::Public, |(_, _, class)| *class)
}

fn class_of_v6(address: Ipv6Addr) -> AddressClass {
    if let Some(inner) = embedded_v4(address) {
        return class_of_v4(inner);
    }
    let special = SPECIAL_V6.iter().find(|(network, prefix, _)| is_within_v6(address, *network, *prefix));
    match special {
        Some((_, _, class)) => *class,
        None if is_within_v6(address, GLOBAL_UNICAST_V6, 3) => AddressClass::Public,
        None => AddressClass::Reserved,
    }
}

fn is_within_v6(address: Ipv6Addr, network: Ipv6Addr, prefix: u32) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= prefix
}

/// The IPv4 address that packets to this IPv6 address would end at: IPv4-mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056).
/// IPv4-compatible addresses (`::a.b.c.d`, deprecated) route nowhere and stay [`AddressClass::Reserved`].
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Ipv4Addr::from_bits(bits as u32)),
        [0x2002, ..] => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(address: &str) -> AddressClass {
        AddressClass::of(address.parse().expect("an IP address"))
    }

    #[test]
    fn well_known_public_addresses_pass() {
        for address in
            ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a01:4f8::1"]
        {
            assert_eq!(class(address), AddressClass::Public, "{address}");
        }
    }

    #[test]
    fn special_ipv4_networks_are_recognised_to_their_edges() {
        use AddressClass::{
            Benchmarking, Broadcast, CarrierNat, Documentation, LinkLocal, Loopback, Multicast, Private, Public,
            Reserved, Unspecified,
        };
        for (address, expected) in [
            ("0.0.0.0", Unspecified),
            ("0.255.255.255", Unspecified),
            ("1.0.0.0", Public),
            ("9.255.255.255", Public),
            ("10.0.0.0", Private),
            ("10.255.255.255", Private),
            ("11.0.0.0", Public),
            ("100.63.255.255", Public),
            ("100.64.0.0", CarrierNat),
            ("100.127.255.255", CarrierNat),
            ("127.0.0.1", Loopback),
            ("127.255.255.255", Loopback),
            ("169.254.169.254", LinkLocal),
            ("172.15.255.255", Public),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("192.0.0.170", Reserved),
            ("192.0.2.1", Documentation),
            ("192.88.99.1", Reserved),
            ("192.168.255.255", Private),
            ("198.17.255.255", Public),
            ("198.18.0.0", Benchmarking),
            ("198.19.255.255", Benchmarking),
            ("198.51.100.7", Documentation),
            ("203.0.113.7", Documentation),
            ("223.255.255.255", Public),
            ("224.0.0.1", Multicast),
            ("239.255.255.255", Multicast),
            ("240.0.0.1", Reserved),
            ("255.255.255.254", Reserved),
            ("255.255.255.255", Broadcast),
        ] {
            assert_eq!(class(address), expected, "{address}");
        }
    }

    #[test]
    fn special_ipv6_networks_are_recognised() {
        use AddressClass::{
            Benchmarking, Documentation, LinkLocal, Loopback, Multicast, Private, Reserved, UniqueLocal, Unspecified,
        };
        for (address, expected) in [
            ("::", Unspecified),
            ("::1", Loopback),
            ("::7f00:1", Reserved),
            ("::ffff:0:127.0.0.1", Reserved),
            ("64:ff9b:1::7f00:1", Private),
            ("100::1", Reserved),
            ("2001::1", Reserved),
            ("2001:2::1", Benchmarking),
            ("2001:db8::1", Documentation),
            ("3fff::1", Documentation),
            ("4000::1", Reserved),
            ("5f00::1", Reserved),
            ("fc00::1", UniqueLocal),
            ("fdff::1", UniqueLocal),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("fec0::1", UniqueLocal),
            ("ff02::1", Multicast),
        ] {
            assert_eq!(class(address), expected, "{address}");
        }
    }

    fn wrappings(inner: Ipv4Addr) -> [Ipv6Addr; 3] {
        let bits = u128::from(inner.to_bits());
        [
            inner.to_ipv6_mapped(),
            Ipv6Addr::from_bits(0x0064_ff9b_u128 << 96 | bits),
            Ipv6Addr::from_bits(0x2002_u128 << 112 | bits << 80 | 1),
        ]
    }

    proptest! {
        #[test]
        fn wrapping_an_ipv4_address_in_ipv6_never_changes_its_class(bits: u32) {
            let inner = Ipv4Addr::from_bits(bits);
            for wrapped in wrappings(inner) {
                prop_assert_eq!(AddressClass::of(wrapped.into()), AddressClass::of(inner.into()), "{}", wrapped);
            }
        }

        #[test]
        fn what_the_standard_library_calls_special_is_never_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!(special && AddressClass::of(address.into()).is_public()), "{}", address);
        }

        #[test]
        fn a_public_ipv6_address_is_global_unicast_or_carries_a_public_ipv4_address(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            if AddressClass::of(address.into()).is_public() {
                prop_assert!(embedded_v4(address).is_some_and(|inner| class_of_v4(inner).is_public()) || bits >> 125 == 1);
            }
        }

        #[test]
        fn unique_local_and_link_local_hosts_are_never_public(host: u128) {
            for network in [0xfc_u128 << 120, 0xfe80_u128 << 112] {
                let address = Ipv6Addr::from_bits(network | host >> 16);
                prop_assert!(!AddressClass::of(address.into()).is_public(), "{}", address);
            }
        }
    }
}
