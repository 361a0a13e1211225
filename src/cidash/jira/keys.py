"""Ticket keys and ids: checked before they go into a path or a JQL sentence, and put into the order people expect."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.text import clean

_KEY = re.compile(r"([A-Z][A-Z0-9_]{1,99})-([0-9]{1,18})")
_ID = re.compile(r"[0-9]{1,18}")
RECONCILE_LIMIT = 50
"""Jira takes no more ids in `reconcileIssues`."""


def checked_key(text: str) -> str:
    """Returns the ticket key in upper case.

    Raises:
        SourceError: it is no ticket key. Nothing else may come near a JQL sentence.
    """
    key = text.strip().upper()
    if not _KEY.fullmatch(key):
        raise SourceError(
            Problem(ProblemKind.REFUSED, f"“{clean(text, 60)}” is no ticket key. A ticket key looks like KAN-40.")
        )
    return key


def checked_ids(ids: Iterable[str]) -> tuple[str, ...]:
    """Returns the numeric ids without repeats; of more than 50 the last 50, which are the newest writes.

    Raises:
        SourceError: one of them is not numeric.
    """
    unique = tuple(dict.fromkeys(ids))
    for one in unique:
        if not _ID.fullmatch(one):
            raise SourceError(Problem(ProblemKind.REFUSED, f"“{clean(one, 60)}” is no ticket id: a number is needed."))
    return unique[-RECONCILE_LIMIT:]


def key_order(key: str) -> tuple[str, int, str]:
    """Returns what to sort keys by: KAN-9 comes before KAN-10."""
    match = _KEY.fullmatch(key)
    return (match[1], int(match[2]), "") if match else (key, 0, key)


def browse_url(site_url: str, key: str) -> str:
    """Returns the page for people. It is never built from `self`, which names the gateway when one is used."""
    return f"{site_url}/browse/{quote(key, safe='')}"
