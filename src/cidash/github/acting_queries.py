"""The questions before and after a write: settings, what waits for an approval, files, artifacts, cache entries."""

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import quote

from pydantic import Field, RootModel

from cidash.domain.acting import Artifact, MergeSettings, PendingDeployment, Review, StoredCache
from cidash.domain.ci import Workflow
from cidash.domain.github_command import Environment, MergeMethod
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.github import nouns, wire
from cidash.github.queries import ACTIONS_READ, base
from cidash.github.query import Query

CONTENTS_READ = "Contents: read"
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_KEY = 512
_NAME = 300
Size = Annotated[int, Field(ge=0, le=wire.LARGEST_ID)]


class _SettingsWire(wire.Wire):
    default_branch: str
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None
    allow_auto_merge: bool | None = None


class _EnvironmentWire(wire.Wire):
    id: wire.Id
    name: str


class _WhoWire(wire.Wire):
    login: str | None = None
    name: str | None = None


class _ReviewerWire(wire.Wire):
    reviewer: _WhoWire | None = None


class _PendingWire(wire.Wire):
    environment: _EnvironmentWire
    current_user_can_approve: bool | None = None
    reviewers: tuple[_ReviewerWire, ...] | None = None


class _PendingsWire(RootModel[tuple[_PendingWire, ...]]):
    pass


class _ReviewWire(wire.Wire):
    state: str
    environments: tuple[_EnvironmentWire, ...]


class _ReviewsWire(RootModel[tuple[_ReviewWire, ...]]):
    pass


class _ContentWire(wire.Wire):
    content: str
    encoding: str


class _ArtifactWire(wire.Wire):
    id: wire.Id
    name: str
    size_in_bytes: Size = 0
    expired: bool = False
    created_at: wire.MaybeMoment = None
    expires_at: wire.MaybeMoment = None
    digest: str | None = None


class _ArtifactsWire(wire.Wire):
    artifacts: tuple[_ArtifactWire, ...]


class _CacheWire(wire.Wire):
    id: wire.Id
    key: str
    ref: str
    size_in_bytes: Size = 0
    created_at: wire.MaybeMoment = None
    last_accessed_at: wire.MaybeMoment = None


class _CachesWire(wire.Wire):
    actions_caches: tuple[_CacheWire, ...]


class _StartedWire(wire.Wire):
    workflow_run_id: wire.Id | None = None


def merge_settings(repository: RepositoryId) -> Query[MergeSettings]:
    """Asks which ways of merging the repository allows."""
    host, what = repository.host, f"the settings of {repository.full_name}"

    def read(body: bytes) -> MergeSettings:
        one = wire.decode(_SettingsWire, body, host, what)
        told = {
            MergeMethod.MERGE: one.allow_merge_commit,
            MergeMethod.SQUASH: one.allow_squash_merge,
            MergeMethod.REBASE: one.allow_rebase_merge,
        }
        methods = None if None in told.values() else tuple(method for method, allowed in told.items() if allowed)
        return MergeSettings(methods, one.allow_auto_merge, clean(one.default_branch, _NAME))

    return Query(base(repository), (), read, what)


def workflow(repository: RepositoryId, workflow_id: int) -> Query[Workflow]:
    """Asks for one workflow."""
    host, what = repository.host, f"workflow {workflow_id} of {repository.full_name}"

    def read(body: bytes) -> Workflow:
        return nouns.workflow_of(wire.decode(wire.WorkflowWire, body, host, what))

    return Query(f"{base(repository)}/actions/workflows/{workflow_id}", (), read, what, right=ACTIONS_READ)


def pending_deployments(repository: RepositoryId, run_id: int) -> Query[tuple[PendingDeployment, ...]]:
    """Asks which deployments the run waits with."""
    host, what = repository.host, f"the pending deployments of run {run_id} of {repository.full_name}"

    def read(body: bytes) -> tuple[PendingDeployment, ...]:
        return tuple(_pending(one) for one in wire.decode(_PendingsWire, body, host, what).root)

    path = f"{base(repository)}/actions/runs/{run_id}/pending_deployments"
    return Query(path, (), read, what, right=ACTIONS_READ)


def reviews(repository: RepositoryId, run_id: int) -> Query[tuple[Review, ...]]:
    """Asks how the run's deployments were answered."""
    host, what = repository.host, f"the approvals of run {run_id} of {repository.full_name}"

    def read(body: bytes) -> tuple[Review, ...]:
        listed = wire.decode(_ReviewsWire, body, host, what).root
        return tuple(Review(tuple(each.id for each in one.environments), one.state == "approved") for one in listed)

    return Query(f"{base(repository)}/actions/runs/{run_id}/approvals", (), read, what, right=ACTIONS_READ)


def file(repository: RepositoryId, path: str, ref: str) -> Query[bytes]:
    """Asks for a file as it is on a branch, tag or commit."""
    host, what = repository.host, f"{clean(path)} on {clean(ref)} of {repository.full_name}"

    def read(body: bytes) -> bytes:
        one = wire.decode(_ContentWire, body, host, what)
        try:
            if one.encoding == "base64":
                return base64.b64decode(one.content)
        except (binascii.Error, ValueError):
            pass
        sentence = f"{host} answered with something unreadable for {what}: its content is not in base64."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence))

    parts = "/".join(quote(part, safe="") for part in path.split("/") if part.strip("."))
    return Query(f"{base(repository)}/contents/{parts}", (("ref", ref),), read, what, right=CONTENTS_READ)


def artifacts(repository: RepositoryId, run_id: int) -> Query[tuple[Artifact, ...]]:
    """Asks for the artifacts of a run."""
    host, what = repository.host, f"the artifacts of run {run_id} of {repository.full_name}"

    def read(body: bytes) -> tuple[Artifact, ...]:
        return tuple(_artifact(one) for one in wire.decode(_ArtifactsWire, body, host, what).artifacts)

    path = f"{base(repository)}/actions/runs/{run_id}/artifacts"
    return Query(path, (("per_page", 100),), read, what, paged=True, right=ACTIONS_READ)


def caches(repository: RepositoryId, key: str | None = None) -> Query[tuple[StoredCache, ...]]:
    """Asks for the cache entries whose keys begin with `key`, all of them without one."""
    host, what = repository.host, f"the cache entries of {repository.full_name}"

    def read(body: bytes) -> tuple[StoredCache, ...]:
        return tuple(_cache(one) for one in wire.decode(_CachesWire, body, host, what).actions_caches)

    params: tuple[tuple[str, str | int], ...] = (("per_page", 100),)
    if key:
        params = (("key", key), *params)
    return Query(f"{base(repository)}/actions/caches", params, read, what, paged=True, right=ACTIONS_READ)


def started_run(body: bytes) -> int | None:
    """Returns the id of the run that a dispatch started, from its answer's body; None where it does not tell."""
    try:
        return _StartedWire.model_validate_json(body).workflow_run_id
    except ValueError:
        return None


def _pending(one: _PendingWire) -> PendingDeployment:
    who = tuple(
        clean(each.reviewer.login or each.reviewer.name, _NAME) for each in one.reviewers or () if each.reviewer
    )
    environment = Environment(one.environment.id, clean(one.environment.name, _NAME))
    return PendingDeployment(environment, bool(one.current_user_can_approve), who)


def _artifact(one: _ArtifactWire) -> Artifact:
    digest = _SHA256.fullmatch(one.digest or "")
    return Artifact(
        one.id,
        clean(one.name, _NAME) or f"artifact-{one.id}",
        one.size_in_bytes,
        one.expired,
        one.created_at,
        one.expires_at,
        digest.group(1) if digest else None,
    )


def _cache(one: _CacheWire) -> StoredCache:
    return StoredCache(
        one.id, clean(one.key, _KEY), clean(one.ref, _NAME), one.size_in_bytes, one.created_at, one.last_accessed_at
    )
