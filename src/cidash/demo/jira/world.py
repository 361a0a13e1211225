"""The state of the demo's Jira: tickets with every version they had, links, comments, and what the tests may turn."""

from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cidash.demo.jira.workflow import COLLEAGUE, LINK_TYPES, PROJECT_KEY, STATUSES, Person

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    Fault = Callable[[Request], Response | Awaitable[Response | None] | None]
    AnswerFault = Callable[[Request, Response], Response | Awaitable[Response | None] | None]


@dataclass(frozen=True)
class Issue:
    """One version of a Jira issue. Times of estimates are seconds; texts are plain, ADF is made on the way out."""

    key: str
    summary: str
    type_id: str
    status_id: str
    created: datetime
    updated: datetime
    status_since: datetime
    description: str = ""
    parent: str | None = None
    assignee: str | None = None
    reporter: str | None = None
    priority_id: str = "3"
    resolution_id: str | None = None
    labels: tuple[str, ...] = ()
    estimate: int | None = None
    remaining: int | None = None
    spent: int | None = None
    points: float | None = None

    @property
    def number(self) -> int:
        """The number in the key."""
        return int(self.key.rpartition("-")[2])

    @property
    def id(self) -> str:
        """The numeric id as Jira writes it: a string."""
        return str(10000 + self.number)


@dataclass(frozen=True)
class Link:
    """`source` blocks (or duplicates, relates to) `target`, in the words of the link type."""

    id: str
    type_id: str
    source: str
    target: str


@dataclass(frozen=True)
class Comment:
    """A comment on an issue."""

    id: str
    author: str
    body: str
    created: datetime


@dataclass(frozen=True)
class ColleagueMove:
    """What somebody else will do to a ticket at a moment, if it is still in the status they saw."""

    at: datetime
    key: str
    from_status: str
    to_status: str
    person: Person = COLLEAGUE


@dataclass(frozen=True)
class Write:
    """A write request that arrived, its JSON body (None if it was none) and the status it was answered with."""

    at: datetime
    method: str
    path: str
    body: Any
    status: int


@dataclass
class World:
    """Everything the Jira demo remembers. Its switches are for tests; they may be changed between two requests."""

    now: Callable[[], datetime]
    url: str = "http://127.0.0.1"
    versions: dict[str, list[tuple[datetime, Issue]]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    comments: dict[str, list[Comment]] = field(default_factory=dict)
    remote_links: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    next_number: int = 86
    colleague_moves: list[ColleagueMove] = field(default_factory=list)
    """Moves still to come, in any order; one whose moment has passed is carried out at the next request."""
    search_lag_seconds: float = 4.0
    """How far search is behind the issues themselves. Real seconds, whatever the pace."""
    page_cap: int = 100
    """The most issues on one page of a search."""
    burst_limit: int = 100
    """Requests per second, method and endpoint; 0 refuses everything with 429."""
    retry_after_seconds: int = 5
    data_center: bool = False
    """Whether it is Jira Data Center: only API version 2, Bearer tokens, the old search, Epic Link, user names."""
    scoped_tokens: bool = False
    """Whether the tokens have scopes: the site itself refuses them (401), the gateway takes them."""
    gateway_bearer_only: bool = False
    """Whether the gateway takes a scoped token only as Bearer."""
    team_managed: bool = False
    """Whether the project is a team-managed one: `simplified`, every status leads to every other, other points."""
    rich_screens: bool = False
    """Whether the transition to Done asks for one field of every kind."""
    captcha: bool = False
    """Whether Data Center wants a captcha solved first."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What transition screens were filled in with, by issue key and field."""
    faults: "Fault | None" = None
    """Asked before every request with it; an answer it gives is sent instead."""
    answer_faults: "AnswerFault | None" = None
    """Asked after every request with the true answer: to lose or change an answer whose work is done."""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each `METHOD /path` was asked for."""
    writes: list[Write] = field(default_factory=list)
    last_transition: dict[str, datetime] = field(default_factory=dict)
    recent_writes: dict[str, deque[datetime]] = field(default_factory=dict)
    recent_requests: dict[str, deque[datetime]] = field(default_factory=dict)
    _last_id: int = 20000

    def new_id(self) -> str:
        """Return an id that nothing else has."""
        self._last_id += 1
        return str(self._last_id)

    def issue(self, key_or_id: str) -> Issue | None:
        """Return an issue as it is now, by key in any case or by numeric id; None if there is none."""
        versions = self.versions.get(self._key(key_or_id))
        return versions[-1][1] if versions else None

    def issues(self) -> list[Issue]:
        """Return every issue as it is now."""
        return [versions[-1][1] for versions in self.versions.values()]

    def indexed(self, fresh_ids: frozenset[str] = frozenset()) -> list[Issue]:
        """Return the issues as the lagging search knows them; those with a fresh id as they are."""
        edge = self.now() - timedelta(seconds=self.search_lag_seconds)
        seen: list[Issue] = []
        for versions in self.versions.values():
            newest = versions[-1][1]
            known = [issue for at, issue in versions if at <= edge or newest.id in fresh_ids]
            seen.extend(known[-1:])
        return seen

    def put(self, issue: Issue, at: datetime | None = None) -> None:
        """Store a new version of an issue, or a new issue."""
        versions = self.versions.setdefault(issue.key, [])
        versions.append((at or self.now(), issue))
        # Search looks back a few seconds; an hour of polling must not grow the list for ever.
        del versions[:-50]

    def change(self, issue: Issue, **values: Any) -> Issue:
        """Store the issue with new values and a new `updated`, and return it."""
        at = self.now()
        newer = replace(issue, updated=at, **values)
        self.put(newer, at)
        return newer

    def move(self, issue: Issue, status_id: str, at: datetime | None = None, **values: Any) -> Issue:
        """Store the issue in another status, and return it."""
        at = at or self.now()
        same = STATUSES[issue.status_id].category == STATUSES[status_id].category
        newer = replace(
            issue, status_id=status_id, updated=at, status_since=issue.status_since if same else at, **values
        )
        self.put(newer, at)
        return newer

    def settle(self) -> None:
        """Carry out the colleague's moves whose moment has come."""
        now = self.now()
        due = sorted((move for move in self.colleague_moves if move.at <= now), key=lambda move: move.at)
        self.colleague_moves = [move for move in self.colleague_moves if move.at > now]
        for move in due:
            issue = self.issue(move.key)
            if issue is not None and issue.status_id == move.from_status:
                self.move(issue, move.to_status, move.at)

    def link(self, phrase: str, source: str, target: str) -> None:
        """Link two issues by a link type's name: the source blocks, duplicates or relates to the target."""
        type_id = next(kind[0] for kind in LINK_TYPES if kind[1] == phrase)
        self.links.append(Link(self.new_id(), type_id, source, target))

    def _key(self, key_or_id: str) -> str:
        if key_or_id.isdigit():
            return f"{PROJECT_KEY}-{int(key_or_id) - 10000}"
        return key_or_id.upper()
