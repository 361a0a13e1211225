"""Which addresses a token may be sent to: https anywhere the user says, plain http only to this machine."""

import ipaddress
import re
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


def is_loopback(url: str) -> bool:
    """Returns whether the URL's host is this machine: localhost, 127.0.0.0/8 or ::1. Names are not looked up."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """Returns the URL without a slash at its end.

    Raises:
        ValueError: it is no http(s) URL of a host alone or with a path, or it is plain http to another machine.
    """
    example = 'write it like "https://host.example"'
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise ValueError(f"is not a URL: {example}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(f"is not a URL: {example}") from None
    if parts.scheme not in {"http", "https"} or not _is_host(parts.hostname or ""):
        raise ValueError(f"is not an http or https URL: {example}")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError("has more in it than scheme, host, port and path: user names and queries don't belong here")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("is plain http, over which a token could be read on its way: use https (http is for loopback)")
    return url.rstrip("/")


def checked_host(host: str) -> str:
    """Returns the host name in lower case, with its port if it has one.

    Raises:
        ValueError: it is no host name.
    """
    name, _, port = host.lower().partition(":")
    if not _HOST.fullmatch(name) or (":" in host and not (port.isascii() and port.isdigit() and int(port) < 65_536)):
        raise ValueError('is not a host name: write it like "github.example.com"')
    return host.lower()


def _is_host(name: str) -> bool:
    if _HOST.fullmatch(name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
