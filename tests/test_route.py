from __future__ import annotations

import pytest

from provendor.contract import Environment, Variable
from provendor.wire.route import Route, from_environment, origin

PROXY = "http://proxy.example:3128"


def there(**names: str | None) -> Environment:
    return Environment("production", Variable("base_url", None, "https://acme.example"), **names)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("203.0.114.7", None),
        ("2606:4700::6810:84e5", None),
        ("acme.example", None),
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("localhost", "loopback"),
        ("LOCALHOST.", "loopback"),
        ("api.localhost", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("0.0.0.0", "private"),
        ("255.255.255.255", "private"),
        ("224.0.0.1", "private"),
        ("fd00::1", "private"),
        ("ff02::1", "private"),
        ("::", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("::ffff:10.1.2.3", "private"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a01:203", "private"),
        ("64:ff9b::cb00:7207", None),
        ("2002:a01:203::1", "private"),
    ],
)
def test_production_is_called_on_the_internet_only(address: str, kind: str | None):
    """Also where a private address is wrapped in one that is not."""
    assert Route().objection(address) == kind


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fd00::1", "localhost", "acme.example"])
def test_a_sandbox_may_stand_in_our_own_network(address: str):
    """On this machine, even."""
    assert Route(reach="private").objection(address) is None


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_what_clouds_keep_to_themselves_is_called_by_nobody(address: str):
    """Credentials of machines lie there."""
    assert Route(reach="private").objection(address) == "link-local"


@pytest.mark.parametrize(
    ("env", "scheme", "proxy"),
    [
        ({}, "https", None),
        ({"HTTPS_PROXY": PROXY}, "https", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other.example"}, "https", PROXY),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "https", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http", None),
        ({"http_proxy": PROXY}, "http", PROXY),
        ({"HTTP_PROXY": PROXY}, "http", None),
        ({"ALL_PROXY": PROXY}, "https", PROXY),
        ({"all_proxy": PROXY}, "http", PROXY),
        ({"HTTPS_PROXY": ""}, "https", None),
    ],
)
def test_a_proxy_is_the_one_that_other_programs_would_use(env: dict[str, str], scheme: str, proxy: str | None):
    """HTTP_PROXY in capitals is what a visitor of a web server can set, so that nobody heeds it."""
    assert from_environment(env).proxy_for(scheme, "acme.example", 443) == proxy


@pytest.mark.parametrize(
    ("listed", "host", "goes_straight"),
    [
        ("acme.example", "acme.example", True),
        ("acme.example", "api.acme.example", True),
        (".acme.example", "api.acme.example", True),
        ("*.acme.example", "api.acme.example", True),
        ("acme.example", "notacme.example", False),
        ("ACME.example", "acme.EXAMPLE", True),
        ("other.example, acme.example", "acme.example", True),
        ("other.example acme.example", "acme.example", True),
        ("acme.example:443", "acme.example", True),
        ("acme.example:8443", "acme.example", False),
        ("*", "acme.example", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "[fd00::1]", True),
        ("[fd00::1]", "fd00::1", True),
        ("", "acme.example", False),
        (",", "acme.example", False),
        ("10.0.0.0/99", "10.1.2.3", False),
    ],
)
def test_no_proxy_lists_who_is_called_without_one(listed: str, host: str, goes_straight: bool):
    """By name, domain, port, address or network."""
    route = from_environment({"HTTPS_PROXY": PROXY, "NO_PROXY": listed})

    assert (route.proxy_for("https", host, 443) is None) is goes_straight


def test_what_a_contract_names_goes_before_what_all_programs_use():
    """Its proxy, and NO_PROXY is not meant for that one; its authorities and our certificate."""
    env = {
        "HTTPS_PROXY": PROXY,
        "NO_PROXY": "*",
        "SSL_CERT_FILE": "/etc/all.pem",
        "ACME_PROXY": "http://own.example",
        "ACME_CA": "/etc/acme.pem",
        "ACME_PEM": "/etc/us.pem",
    }
    named = from_environment(env, there(proxy="ACME_PROXY", ca_bundle="ACME_CA", client_certificate="ACME_PEM"))

    assert named.proxy_for("https", "acme.example", 443) == "http://own.example"
    assert (named.authorities, named.certificate) == ("/etc/acme.pem", "/etc/us.pem")


def test_a_name_without_a_value_changes_nothing():
    """Whoever needs no proxy does not set the variable."""
    env = {"HTTPS_PROXY": PROXY, "SSL_CERT_DIR": "/etc/certs"}

    assert from_environment(env, there(proxy="ACME_PROXY", ca_bundle="ACME_CA", client_certificate="ACME_PEM")) == (
        from_environment(env)
    )
    assert from_environment(env).authorities == "/etc/certs"


def test_a_contract_can_do_without_any_proxy():
    """`proxy: none`."""
    assert from_environment({"HTTPS_PROXY": PROXY}, there(proxy="")).proxy_for("https", "acme.example", 443) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://acme.example/users?token=secret", "https://acme.example"),
        ("https://acme.example:443/", "https://acme.example"),
        ("HTTP://ACME.example:8080", "http://acme.example:8080"),
        ("https://me:secret@acme.example/", "https://acme.example"),
        ("http://[::1]:80?x", "http://[::1]"),
        ("https://acme.example:99999/", "an address that cannot be read"),
        ("https://[acme/", "an address that cannot be read"),
        ("mailto:me", "mailto://"),
    ],
)
def test_an_origin_says_who_is_meant_and_nothing_else(url: str, said: str):
    """No path, no query, no password; the usual port is no other port."""
    assert origin(url) == said
