"""Where an answer may lead: the next page, a moved resource, a log in storage.

Nothing that a server names is trusted.
"""

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from cidash.github.nouns import LOOPBACK

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?(?:[^\"]*\s)?next(?:\s[^\"]*)?\"?", re.IGNORECASE)
_PLAIN = re.compile(r"[\x21-\x7e]{1,8000}")
_PORTS = {"http": 80, "https": 443}


def next_page(link: str, asked: str) -> str | None:
    """Returns the absolute URL that a Link header calls `next`, or None; where it leads is not checked here."""
    for found in _LINK.finditer(link):
        if _NEXT.search(found.group(2)):
            return resolved(asked, str(found.group(1)))
    return None


def resolved(asked: str, address: str) -> str:
    """Returns the absolute form of an address that was found in the answer to `asked`; empty when it is none."""
    try:
        return urljoin(asked, address) if address else ""
    except ValueError:
        return ""


def same_origin(url: str, base_url: str) -> bool:
    """Returns whether the URL has the base URL's scheme, host and port, and nothing in it that means otherwise."""
    target, base = _split(url), _split(base_url)
    return target is not None and base is not None and _origin(target) == _origin(base)


def may_hold_logs(url: str, base_url: str) -> bool:
    """Returns whether a log may be read from there: https, or http on this machine when the API is there as well."""
    target, base = _split(url), _split(base_url)
    if target is None or base is None:
        return False
    if target.scheme == "https":
        return True
    return target.scheme == "http" and target.hostname in LOOPBACK and base.hostname in LOOPBACK


def _split(url: str) -> SplitResult | None:
    """A user name in a URL would become a credential of its own, so it is refused."""
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in url
    except ValueError:
        return None
    return parts if usable and parts.scheme in _PORTS else None


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return (parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
