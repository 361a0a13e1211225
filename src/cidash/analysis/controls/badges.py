"""C9 the README's badges: which workflows they are about. Zero badges is no proof that all are green."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from cidash.analysis.controls.facts import Facts, Unread
from cidash.domain.control import Evidence, EvidenceKind
from cidash.domain.text import clean

_URL = re.compile(r"https?://[^\s)\]\"'<>]+?/(?:actions/)?workflows/[^\s)\]\"'<>]+?/badge\.svg[^\s)\]\"'<>]*")
_FILE_FORM = re.compile(r"/actions/workflows/([^/]+)/badge\.svg$")
_NAME_FORM = re.compile(r"/workflows/([^/]+)/badge\.svg$")
README = "README.md"


@dataclass(frozen=True, slots=True)
class Badge:
    """A workflow badge: by file name, or in the old form by the workflow's name."""

    url: str
    file: str | None
    name: str | None
    branch: str | None
    event: str | None


def badges_in(text: str) -> tuple[Badge, ...]:
    """Returns the workflow badges of a text, each once."""
    found = {}
    for match in _URL.finditer(text):
        parts = urlsplit(match.group())
        by_file, by_name = _FILE_FORM.search(parts.path), _NAME_FORM.search(parts.path)
        query = parse_qs(parts.query)
        found[match.group()] = Badge(
            clean(match.group()),
            clean(unquote(by_file.group(1))) if by_file else None,
            clean(unquote(by_name.group(1))) if by_name and not by_file else None,
            clean(query["branch"][0]) if "branch" in query else None,
            clean(query["event"][0]) if "event" in query else None,
        )
    return tuple(found.values())


def declared_badges(facts: Facts) -> tuple[Evidence, ...]:
    """Returns whether the README has badges, and whether each is about a workflow that exists."""
    text = facts.text(README)
    if isinstance(text, Unread):
        return (Evidence(EvidenceKind.DECLARED, None, text.reason, README),)
    badges = badges_in(text or "")
    if not badges:
        return (Evidence(EvidenceKind.DECLARED, False, "The README has no workflow badge.", README),)
    files = {path.rpartition("/")[2] for path in facts.readable()}
    names = {file.name for file in facts.readable().values()}
    evidence = []
    for badge in badges:
        known = badge.file in files if badge.file else badge.name in names
        unread = facts.unread_workflows()
        label = badge.file or badge.name or "?"
        holds = True if known else (None if unread else False)
        text = f"The badge of {label} {'is about a workflow here' if known else 'is about no workflow here'}."
        evidence.append(Evidence(EvidenceKind.DECLARED, holds, text, README, badge.url))
    return tuple(evidence)
