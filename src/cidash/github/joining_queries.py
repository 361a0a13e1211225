"""Questions whose answers join pull requests to tickets: what was merged lately, and what commits say."""

from pydantic import BaseModel, ConfigDict, RootModel

from cidash.domain.ci import PullRequest
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean_block
from cidash.github import nouns, wire
from cidash.github.queries import PULLS_READ, base
from cidash.github.query import Query

CLOSED = 50
_MESSAGE = 2_000


class _MessageWire(BaseModel):
    model_config = ConfigDict(defer_build=True)

    message: str = ""


class _CommitWire(BaseModel):
    model_config = ConfigDict(defer_build=True)

    commit: _MessageWire


class _CommitsWire(RootModel[list[_CommitWire]]):
    model_config = ConfigDict(defer_build=True)


def merged_pulls(repository: RepositoryId) -> Query[tuple[PullRequest, ...]]:
    """Asks for the pull requests that were closed lately, one page; returns those of them that were merged."""
    host, what = repository.host, f"the merged pull requests of {repository.full_name}"

    def read(body: bytes) -> tuple[PullRequest, ...]:
        found = (nouns.pull_of(one, repository) for one in wire.decode(wire.PullsWire, body, host, what).root)
        return tuple(pull for pull in found if pull.merged)

    params = (("state", "closed"), ("sort", "updated"), ("direction", "desc"), ("per_page", CLOSED))
    return Query(f"{base(repository)}/pulls", params, read, what, right=PULLS_READ)


def commit_messages(repository: RepositoryId, number: int) -> Query[tuple[str, ...]]:
    """Asks for the messages of a pull request's commits, the first hundred."""
    host, what = repository.host, f"the commits of #{number} in {repository.full_name}"

    def read(body: bytes) -> tuple[str, ...]:
        found = wire.decode(_CommitsWire, body, host, what).root
        return tuple(clean_block(one.commit.message, _MESSAGE) for one in found)

    path = f"{base(repository)}/pulls/{number}/commits"
    return Query(path, (("per_page", 100),), read, what, right=PULLS_READ)
