"""How live calls break off: each way has a stable code, and it is known whether trying again can help.

`retryable` means that another try may go better. `unsent` means that the vendor never got the request, so that even a
write may be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class FaultCode(NamedTuple):
    """One way to break off; `title`, `meaning` and `do` are those of `provendor explain`."""

    code: str
    retryable: bool
    unsent: bool
    title: str
    meaning: str
    do: str


_WEATHER = (
    "Look at the history of the vendor: once is weather, a row of them is an outage. The vendor's status page may know."
)
_RENEW = "Tell the vendor. Until it shows another certificate, nothing is sent to it; that is not to be worked around."
_OURS = "Mend it on our side: nothing was sent, and the vendor knows nothing of it."

_TABLE = (
    FaultCode(
        "dns-failure",
        True,
        True,
        "the name of the host cannot be looked up",
        "No name server knows the name, or none answered. Nobody was called.",
        "Compare the host with the contract's base URL. Where other names fail too, it is our own network.",
    ),
    FaultCode(
        "dns-timeout",
        True,
        True,
        "the name of the host was not looked up in time",
        "The name servers did not answer in the time there was. Nobody was called.",
        "Look at the name servers of this machine: it is mostly our own network.",
    ),
    FaultCode(
        "connection-refused",
        True,
        True,
        "nobody listens where the vendor should",
        "The machine is there and refuses connections at this port: the service is down, or another port is meant.",
        "Compare host and port with the contract's base URL; where they are right, the vendor's service is down.",
    ),
    FaultCode(
        "unreachable",
        True,
        True,
        "no way leads to the vendor's machine",
        "The network between us and the vendor says that the address cannot be reached.",
        "See whether other vendors can be reached: if none can, it is our own network.",
    ),
    FaultCode(
        "connect-timeout",
        True,
        True,
        "nobody picks up",
        "No connection came about in the time there was: packets are lost, or a firewall swallows them.",
        "See whether other vendors can be reached. A firewall, ours or theirs, mostly looks like this.",
    ),
    FaultCode(
        "tls-timeout",
        True,
        True,
        "the TLS handshake does not come to its end",
        "A connection came about, and the vendor did not finish agreeing on encryption in the time there was.",
        _WEATHER,
    ),
    FaultCode(
        "tls-failure",
        False,
        True,
        "no encryption was agreed on",
        "The TLS handshake broke off: another protocol answers at this port, or the two sides have no version in common.",
        "Compare scheme and port with the contract's base URL, and look at the reason that is shown.",
    ),
    FaultCode(
        "certificate-expired",
        False,
        True,
        "the certificate has expired",
        "The vendor shows a certificate whose last day has passed.",
        _RENEW,
    ),
    FaultCode(
        "certificate-not-yet-valid",
        False,
        True,
        "the certificate is not valid yet",
        "The first day of the certificate lies in the future: the vendor's mistake, or our clock is wrong.",
        "Look at the clock of this machine first.",
    ),
    FaultCode(
        "certificate-self-signed",
        False,
        True,
        "the certificate vouches for itself",
        "Nobody that we trust has signed it. A proxy that opens encrypted traffic, or a test server, looks like this.",
        "Find out who answered. Where it is a server of ours, name its authority with `ca_bundle:` or SSL_CERT_FILE.",
    ),
    FaultCode(
        "certificate-wrong-host",
        False,
        True,
        "the certificate is for another host",
        "Who answered proves to be somebody, but not who was called.",
        "Compare the host with the contract's base URL and with the names in the certificate. Somebody may stand in between.",
    ),
    FaultCode(
        "certificate-untrusted",
        False,
        True,
        "nobody that we trust has signed the certificate",
        "The chain of signatures does not end at an authority that we know: it is another one, or the vendor leaves out a link.",
        "Look at the issuer that is shown. Where it is an authority of ours, name it with `ca_bundle:` or SSL_CERT_FILE.",
    ),
    FaultCode(
        "certificate-invalid",
        False,
        True,
        "the certificate cannot be trusted",
        "It is revoked, meant for something else, or weak; the reason is shown.",
        _RENEW,
    ),
    FaultCode(
        "client-certificate",
        False,
        True,
        "our own certificate is missing or not accepted",
        "The vendor asks for a certificate of ours, and there is none, it cannot be read, or the vendor refuses it.",
        "Look at the file that `client_certificate:` names: certificate and key belong in it, in PEM form, without a password.",
    ),
    FaultCode(
        "trust-store",
        False,
        True,
        "the certificates that we trust cannot be read",
        "The file or folder of trusted authorities is missing or broken. Nothing was sent.",
        "Look at `ca_bundle:` in the contract, and at SSL_CERT_FILE and SSL_CERT_DIR in the environment.",
    ),
    FaultCode(
        "reset-before-answer",
        True,
        False,
        "the connection was closed before anything was answered",
        "The request went out, and the vendor, or something before it, hung up without a word.",
        _WEATHER,
    ),
    FaultCode(
        "reset-in-headers",
        True,
        False,
        "the connection was closed in the middle of the headers",
        "An answer began, and the vendor, or something before it, hung up before its headers were complete.",
        _WEATHER,
    ),
    FaultCode(
        "reset-in-body",
        True,
        False,
        "the connection was closed in the middle of the body",
        "Status and headers came, and the connection was cut before the body was complete.",
        _WEATHER,
    ),
    FaultCode(
        "length-wrong",
        True,
        False,
        "the body is shorter than its length says",
        "The vendor announces a `Content-Length`, sends less, and closes the connection as if that were all.",
        "A proxy that gives up, or a vendor that counts wrongly: see whether it is always the same number of bytes.",
    ),
    FaultCode(
        "chunks-cut-off",
        True,
        False,
        "the body ends before its last chunk",
        "The vendor sends the body in chunks and closes the connection before the one that says that it is complete.",
        _WEATHER,
    ),
    FaultCode(
        "stream-reset",
        True,
        False,
        "the vendor broke off the HTTP/2 stream",
        "The connection lives on, but the vendor gave up this answer; its reason is shown.",
        _WEATHER,
    ),
    FaultCode(
        "protocol-error",
        False,
        False,
        "what came is no HTTP",
        "Bytes came that break the rules of the protocol: another service, a broken proxy, or headers that contradict "
        "each other.",
        "Compare scheme and port with the contract's base URL, and look at the reason that is shown.",
    ),
    FaultCode(
        "no-answer",
        True,
        False,
        "nothing was answered in the time there was",
        "The vendor took the connection and the request, and said nothing.",
        _WEATHER,
    ),
    FaultCode(
        "too-slow",
        True,
        False,
        "the answer did not end in the time there was",
        "An answer began and came so slowly that the deadline passed.",
        "Compare the bytes that came with what the vendor usually sends: a slow vendor, or a much longer answer.",
    ),
    FaultCode(
        "stream-endless",
        False,
        False,
        "a stream of events does not end, and holds no answer",
        "The vendor answers with `text/event-stream`, keeps it open, and up to the deadline nothing in it was the answer.",
        "See whether the request was taken at all: an MCP server sends the answer as an event with the id of the request.",
    ),
    FaultCode(
        "too-large",
        False,
        False,
        "the answer is larger than is allowed",
        "Headers or body go beyond the limit, and reading was given up there.",
        "Find out why so much came: a page without a limit, or a file where JSON belongs.",
    ),
    FaultCode(
        "bomb",
        False,
        False,
        "the body decompresses to more than is allowed",
        "A small body that becomes a very large one. Nothing beyond the limit was made of it.",
        "Find out who answered; no honest answer of an API looks like this.",
    ),
    FaultCode(
        "encoding-invalid",
        False,
        False,
        "the body is not what its `Content-Encoding` says",
        "It cannot be decompressed: broken, cut off, never compressed, or in an encoding that nobody asked for.",
        "A proxy that changes bodies and leaves the header is the usual cause.",
    ),
    FaultCode(
        "redirect-loop",
        False,
        False,
        "redirects lead nowhere",
        "The vendor redirects within its own origin, and after five of them there is still no answer.",
        "Look at the address in the contract: a slash at its end, http for https, or a page that asks to log in.",
    ),
    FaultCode(
        "redirect-elsewhere",
        False,
        False,
        "a redirect leads to another origin",
        "It was not followed: credentials are sent to nobody but the vendor. The contract names no such status.",
        "Where the vendor has moved, change the base URL. Where the redirect is the answer, name its status in the case.",
    ),
    FaultCode(
        "private-target",
        False,
        True,
        "the address is a private one",
        "The host is, or its name leads to, an address of this machine, of a private network or of a cloud's own services. "
        "Production is called on the internet only. Nothing was sent.",
        "Where the vendor truly lives there, say `private: true` in its environment; otherwise look at who answers for the "
        "name.",
    ),
    FaultCode(
        "proxy-failure",
        True,
        True,
        "the proxy does not let us through",
        "The proxy cannot be found or reached, or refuses to connect us. The vendor was not called.",
        "Look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or at `proxy:` in the contract.",
    ),
    FaultCode(
        "no-turn",
        True,
        True,
        "our own calls left no turn in the time there was",
        "So many calls of this process were under way that this one was not begun before its deadline.",
        "Ask for fewer at once. It says nothing about the vendor.",
    ),
    FaultCode(
        "out-of-time",
        False,
        True,
        "the time of the case was over before it was asked",
        "What came before, an earlier request of the same case or the waiting for another try, took all the time there was.",
        "Look at the attempts before it. A flow and a list of pages have more time than a single request.",
    ),
    FaultCode(
        "unsendable",
        False,
        True,
        "the request cannot be sent as it is",
        "Its address or one of its headers cannot be put on a wire.",
        _OURS,
    ),
    FaultCode(
        "cancelled",
        False,
        False,
        "the call was broken off by us",
        "The run was ended while the answer was awaited. It says nothing about the vendor.",
        "Run it again.",
    ),
)

FAULTS: Mapping[str, FaultCode] = MappingProxyType({each.code: each for each in _TABLE})
