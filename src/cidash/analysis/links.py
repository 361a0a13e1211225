"""Which pull request belongs to which ticket: by the ticket keys in its branch, title and body."""

import re
from collections.abc import Iterable

from cidash.domain.ci import PullRequest

# A letter or digit of any script on either side makes it part of another word. The underscore separates, as in
# `feature/KAN-76_x`; Jira numbers its tickets without leading zeros.
_KEY = re.compile(r"(?<![^\W_])([A-Za-z][A-Za-z0-9]+-[1-9][0-9]*)(?![^\W_])")


def keys_in(text: str, projects: Iterable[str] | None = None) -> tuple[str, ...]:
    """Returns the ticket keys in the text, upper case, in order, each once: `KAN-76` from `kan-76-lint`.

    Without projects everything of that form counts, `UTF-8` too; with them (`KAN`) only their keys.
    """
    keys = dict.fromkeys(match.group(1).upper() for match in _KEY.finditer(text))
    if projects is None:
        return tuple(keys)
    wanted = {project.upper() for project in projects}
    return tuple(key for key in keys if _project(key) in wanted)


def mentions(text: str, key: str) -> bool:
    """Returns whether the text names that ticket: in any case, never as part of another word or a longer number."""
    pattern = rf"(?<![^\W_]){re.escape(key)}(?![^\W_])"
    return any(match.group().isascii() for match in re.finditer(pattern, text, re.IGNORECASE))


def tickets_of_pull(pull: PullRequest, projects: Iterable[str] | None = None) -> tuple[str, ...]:
    """Returns the keys that the pull request names: those in its branch first, then its title, then its body."""
    wanted = None if projects is None else tuple(projects)
    found = (key for text in (pull.branch, pull.title, pull.body) for key in keys_in(text, wanted))
    return tuple(dict.fromkeys(found))


def pulls_of_ticket(key: str, pulls: Iterable[PullRequest]) -> tuple[PullRequest, ...]:
    """Returns the pull requests for that ticket: named in the branch first, then in the title, then in the body.

    The body counts only when branch and title name no other ticket of the project: there the others are told as
    background ("needed by KAN-77") more often than as the purpose. Equals stay in the given order.
    """
    ranked = ((rank, pull) for pull in pulls if (rank := _rank(key, pull)) is not None)
    return tuple(pull for _, pull in sorted(ranked, key=lambda pair: pair[0]))


def _rank(key: str, pull: PullRequest) -> int | None:
    if mentions(pull.branch, key):
        return 0
    if mentions(pull.title, key):
        return 1
    purpose = keys_in(f"{pull.branch} {pull.title}", (_project(key),))
    return 2 if not purpose and mentions(pull.body, key) else None


def _project(key: str) -> str:
    return key.rpartition("-")[0].upper()
