//! Which addresses may be asked: those that the configuration names, and public ones. An answer can lead nowhere else.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The hosts that the configuration names, which may be anywhere.
#[derive(Debug, Default)]
pub(super) struct Trusted(Mutex<BTreeSet<String>>);

impl Trusted {
    pub(super) fn add(&self, base: &Url) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(base.host_str().map(str::to_ascii_lowercase));
    }

    fn has(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&host.to_ascii_lowercase())
    }
}

/// Why nobody goes where an answer leads, if so. What lies at the base itself may lie anywhere.
pub(super) fn refused(base: &Url, from: &Url, to: &Url) -> Option<String> {
    if !matches!(to.scheme(), "http" | "https") {
        return Some(format!("leads to a `{}:` address", to.scheme()));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Some("leads from an encrypted address to one in clear text".into());
    }
    if same_place(base, to) {
        return None;
    }
    let private = match to.host_str().map(|host| host.trim_matches(['[', ']'])) {
        None | Some("") => return Some("leads to no host".into()),
        Some(host) => host.parse().is_ok_and(is_private) || host.eq_ignore_ascii_case("localhost"),
    };
    private.then(|| format!("leads to the private address `{}`", to.host_str().unwrap_or_default()))
}

/// Whether two addresses are those of one server.
pub(super) fn same_place(one: &Url, other: &Url) -> bool {
    (one.scheme(), one.host_str(), one.port_or_known_default())
        == (other.scheme(), other.host_str(), other.port_or_known_default())
}

/// Whether an address lies in a network of one's own, or is none that a public service has.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && matches!(b, 18 | 19))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let [.., high, low] = parts;
    let embedded = || {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    let is_nat64 = parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let is_6to4 = || {
        let [[a, b], [c, d]] = [parts[1].to_be_bytes(), parts[2].to_be_bytes()];
        parts[0] == 0x2002 && is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    address.to_ipv4_mapped().is_some_and(is_private_v4)
        || parts[..6] == [0; 6]
        || address.is_multicast()
        || (parts[0] & 0xfe00) == 0xfc00
        || (parts[0] & 0xffc0) == 0xfe80
        || (is_nat64 && embedded())
        || is_6to4()
}

/// Looks names up; a name that nobody configured leads to public addresses or nowhere.
pub(super) struct Careful(pub(super) Arc<Trusted>);

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let looked = tokio::task::spawn_blocking(move || look_up(&host, trusted.has(&host))).await;
            let found = looked.map_err(|error| io::Error::other(error.to_string()))??;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn look_up(host: &str, anywhere: bool) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = (host, 0).to_socket_addrs()?.collect();
    let public: Vec<SocketAddr> =
        found.iter().filter(|at| anywhere || !is_private(at.ip())).copied().collect();
    if public.is_empty() && !found.is_empty() {
        return Err(io::Error::other(format!("`{host}` is at a private address")));
    }
    Ok(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_dress() {
        let check = |text: &str, wanted: bool| {
            assert_eq!(is_private(text.parse().unwrap()), wanted, "{text}");
        };
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            check(text, true);
        }
        for text in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8"] {
            check(text, false);
        }
    }

    #[test]
    fn an_answer_leads_to_public_addresses_or_back() {
        let check = |base: &str, to: &str, wanted: bool| {
            let (base, to) = (Url::parse(base).unwrap(), Url::parse(to).unwrap());
            assert_eq!(refused(&base, &base, &to).is_none(), wanted, "{to}");
        };
        let base = "https://api.example.org/3/";
        check(base, "https://api.example.org/4", true);
        check(base, "https://other.example.org/", true);
        check(base, "http://api.example.org/3/", false);
        check(base, "https://127.0.0.1/", false);
        check(base, "https://[::1]/", false);
        check(base, "https://localhost/", false);
        check(base, "file:///etc/passwd", false);
        check("http://127.0.0.1:8080/", "http://127.0.0.1:8080/x", true);
        check("http://127.0.0.1:8080/", "http://127.0.0.1:22/", false);
    }
}
