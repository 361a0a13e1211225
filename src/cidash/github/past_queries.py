"""Questions about the past: runs of a span of time, and the workflow file at a commit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from cidash.domain.ci import Run
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.github import nouns, wire
from cidash.github.queries import ACTIONS_READ, base
from cidash.github.query import Query

LISTED_AT_MOST = 1_000
"""GitHub lists no more runs than that for one filter, however many there are."""
PAGE = 100


class _CountedRunsWire(wire.RunsWire):
    total_count: wire.Count


class _FileWire(wire.Wire):
    sha: str
    type: str


@dataclass(frozen=True, slots=True)
class CountedRuns:
    """The first page of runs, newest first, and how many there are in all."""

    runs: tuple[Run, ...]
    total: int


def first_runs_created(
    repository: RepositoryId, low: datetime, high: datetime, workflow_id: int | None = None
) -> Query[CountedRuns]:
    """Asks for the newest 100 runs that were created from `low` to `high`, both included, and for their number."""
    host, what = repository.host, _what(repository, low, high)

    def read(body: bytes) -> CountedRuns:
        page = wire.decode(_CountedRunsWire, body, host, what)
        return CountedRuns(tuple(nouns.run_of(one, repository) for one in page.workflow_runs), page.total_count)

    return Query(_path(repository, workflow_id), _created(low, high), read, what, right=ACTIONS_READ)


def runs_created(
    repository: RepositoryId, low: datetime, high: datetime, workflow_id: int | None = None
) -> Query[tuple[Run, ...]]:
    """Asks for all runs that were created from `low` to `high`, at most 1,000 (see `LISTED_AT_MOST`)."""
    host, what = repository.host, _what(repository, low, high)

    def read(body: bytes) -> tuple[Run, ...]:
        return tuple(
            nouns.run_of(one, repository) for one in wire.decode(wire.RunsWire, body, host, what).workflow_runs
        )

    return Query(_path(repository, workflow_id), _created(low, high), read, what, paged=True, right=ACTIONS_READ)


def file_sha(repository: RepositoryId, path: str, commit: str) -> Query[str | None]:
    """Asks for the blob SHA of a file at a commit; None when there is no file but something else."""
    host, what = repository.host, f"{path} at commit {commit[:7]} in {repository.full_name}"

    def read(body: bytes) -> str | None:
        found = wire.decode(_FileWire, body, host, what)
        return clean(found.sha, 64) if found.type == "file" else None

    place = "/".join(quote(part, safe="") for part in path.split("/") if part.strip("."))
    return Query(f"{base(repository)}/contents/{place}", (("ref", commit),), read, what, right="Contents: read")


def _what(repository: RepositoryId, low: datetime, high: datetime) -> str:
    return f"the runs of {repository.full_name} from {_text(low)} to {_text(high)}"


def _path(repository: RepositoryId, workflow_id: int | None) -> str:
    middle = "" if workflow_id is None else f"workflows/{workflow_id}/"
    return f"{base(repository)}/actions/{middle}runs"


def _created(low: datetime, high: datetime) -> tuple[tuple[str, str | int], ...]:
    created = f"{_text(low)}..{_text(high)}"
    return (("created", created), ("exclude_pull_requests", "true"), ("per_page", PAGE))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
