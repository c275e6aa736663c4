"""Which way live calls go: through which proxy, trusting whom, to which addresses.

route = from_environment(os.environ)
route.proxy_for("https", "api.acme.example", 443)     # the proxy's URL, None for none
route.objection("10.0.0.7")                           # why this address must not be called, None where it may
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Reach = Literal["public", "private", "anywhere"]

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Route:
    """One way to the network; calls that share it share connections.

    reach        public: only addresses of the internet; private: also loopback and private ones, for a sandbox;
                 anywhere: also link-local ones, behind which clouds keep their credentials
    authorities  a file of trusted certificates (PEM), or a folder of them; None for those that certifi brings
    certificate  a file with our own certificate (PEM), and its key, where that is not in `key`
    proxies      URL by scheme: `http`, `https`
    no_proxy     who is called without one, as NO_PROXY lists it
    hosts        addresses of names that are not looked up
    """

    reach: Reach = "public"
    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None
    proxies: tuple[tuple[str, str], ...] = ()
    no_proxy: str = ""
    hosts: tuple[tuple[str, str], ...] = ()

    def proxy_for(self, scheme: str, host: str, port: int) -> str | None:
        """Return the URL of the proxy that a call goes through, None where it goes straight."""
        proxy = dict(self.proxies).get(scheme)
        return None if proxy is None or _is_listed(self.no_proxy, host, port) else proxy

    def objection(self, address: str) -> str | None:
        """Return what kind of address this is, where it must not be called; a name is no address and may be."""
        if self.reach == "anywhere":
            return None
        try:
            kind = _kind(ipaddress.ip_address(address.strip("[]")))
        except ValueError:
            name = address.lower().rstrip(".")
            kind = "loopback" if name == "localhost" or name.endswith(".localhost") else None
        return kind if kind == "link-local" or self.reach == "public" else None


def from_environment(env: Mapping[str, str]) -> Route:
    """Return the route that the environment describes, in the variables that other programs read."""
    proxies = {}
    for scheme in ("http", "https"):
        # HTTP_PROXY in capitals can be set by whoever calls a CGI program, so that nobody heeds it.
        names = (f"{scheme}_proxy", "HTTPS_PROXY" if scheme == "https" else "", "all_proxy", "ALL_PROXY")
        found = next((env[name] for name in names if env.get(name)), None)
        if found:
            proxies[scheme] = found if "://" in found else f"http://{found}"
    return Route(
        authorities=env.get("SSL_CERT_FILE") or env.get("SSL_CERT_DIR") or None,
        proxies=tuple(proxies.items()),
        no_proxy=env.get("no_proxy") or env.get("NO_PROXY") or "",
    )


def _kind(address: Address) -> str | None:
    """Return what an address is that is none of the internet's, also where it is wrapped in one that is."""
    inner = _inner(address)
    if inner is not None:
        return _kind(inner)
    if address.is_link_local:
        return "link-local"
    if address.is_loopback:
        return "loopback"
    return None if address.is_global and not address.is_multicast else "private"


def _inner(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_listed(listed: str, host: str, port: int) -> bool:
    """Tell whether NO_PROXY lists a host: by name, by domain, by address or network, or as `*`."""
    host = host.lower().strip("[]").rstrip(".")
    return any(_matches(entry, host, port) for entry in listed.lower().replace(",", " ").split())


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, _, only = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    name = name.removeprefix("*").strip(".")
    if not name or (only and only != str(port)):
        return False
    return host == name or host.endswith(f".{name}")
