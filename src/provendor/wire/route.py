"""Which way live calls go: through which proxy, trusting whom, to which addresses.

route = from_environment(os.environ)
route.proxy_for("https", "api.acme.example", 443)     # the proxy's URL, None for none
route.objection("10.0.0.7")                           # why this address must not be called, None where it may
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

from provendor.contract import Environment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Reach = Literal["public", "private"]

_SCHEMES: Final = ("http", "https")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Route(NamedTuple):
    """One way to the network; calls that share it share connections.

    reach        public: only addresses of the internet; private: also loopback and private ones. Link-local ones, behind
                 which clouds keep credentials, are never called
    authorities  a file of trusted certificates (PEM), or a folder of them; None for those that certifi brings
    certificate  a file with our own certificate and its key (PEM)
    proxies      URL by scheme: `http`, `https`
    no_proxy     who is called without one, as NO_PROXY lists it
    hosts        addresses of names that are not looked up
    """

    reach: Reach = "public"
    authorities: str | None = None
    certificate: str | None = None
    proxies: tuple[tuple[str, str], ...] = ()
    no_proxy: str = ""
    hosts: tuple[tuple[str, str], ...] = ()

    def proxy_for(self, scheme: str, host: str, port: int) -> str | None:
        """Return the URL of the proxy that a call goes through, None where it goes straight."""
        proxy = dict(self.proxies).get(scheme)
        return None if proxy is None or _is_listed(self.no_proxy, host, port) else proxy

    def objection(self, address: str) -> str | None:
        """Return what kind of address this is, where it must not be called; a name is no address and may be."""
        kind = kind_of(address)
        return kind if kind == "link-local" or self.reach == "public" else None


def from_environment(env: Mapping[str, str], there: Environment | None = None) -> Route:
    """Return the route that environment variables describe: those that the contract names, else those of all programs."""
    named = there.proxy if there else None
    if named is not None and (not named or env.get(named)):
        proxies, no_proxy = dict.fromkeys(_SCHEMES, env[named]) if named else {}, ""
    else:
        proxies, no_proxy = _usual_proxies(env), env.get("no_proxy") or env.get("NO_PROXY") or ""
    return Route(
        authorities=_found(there and there.ca_bundle, env)
        or env.get("SSL_CERT_FILE")
        or env.get("SSL_CERT_DIR")
        or None,
        certificate=_found(there and there.client_certificate, env),
        proxies=tuple((scheme, url if "://" in url else f"http://{url}") for scheme, url in proxies.items()),
        no_proxy=no_proxy,
    )


def _usual_proxies(env: Mapping[str, str]) -> dict[str, str]:
    # HTTP_PROXY in capitals can be set by whoever calls a CGI program, so that nobody heeds it.
    names = {"http": ("http_proxy",), "https": ("https_proxy", "HTTPS_PROXY")}
    found = {
        scheme: next((env[name] for name in (*own, "all_proxy", "ALL_PROXY") if env.get(name)), "")
        for scheme, own in names.items()
    }
    return {scheme: url for scheme, url in found.items() if url}


def _found(name: str | None, env: Mapping[str, str]) -> str | None:
    return (env.get(name) or None) if name else None


def origin(url: str) -> str:
    """Return scheme, host and port, without the port where it is the usual one, and without anything secret."""
    end = url.find("/", url.find("://") + 3)
    return _origin(url if end < 0 else url[:end])


@lru_cache(maxsize=1024)
def _origin(url: str) -> str:
    try:
        parts = urlsplit(url.partition("?")[0])
        port = parts.port
    except ValueError:
        return "an address that cannot be read"
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" if port in (None, usual) else f"{parts.scheme}://{host}:{port}"


@lru_cache(maxsize=1024)
def kind_of(address: str) -> str | None:
    """Return what an address is that is none of the internet's; a name is none, but for those of this machine."""
    try:
        return _kind(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        name = address.lower().rstrip(".")
        return "loopback" if name == "localhost" or name.endswith(".localhost") else None


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
