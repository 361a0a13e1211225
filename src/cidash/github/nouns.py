"""GitHub's JSON as nouns: every text cleaned, every URL checked, absent things None or empty, never guessed."""

import re
from urllib.parse import urlsplit

from cidash.domain.ci import Job, PullRequest, Run, Step, Workflow
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean, clean_block
from cidash.github.wire import JobWire, PullWire, RunWire, StepWire, WorkflowWire

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NAME = 300
_SHA = 64
_WORD = 40
_BODY = 65_536
# A run's path can carry the ref that its workflow file was read at.
_PATH_WITH_REF = re.compile(r"^(.+\.ya?ml)@.*$", re.DOTALL)


def safe_url(text: str | None) -> str:
    """Returns the URL if a browser may be sent there: https, or http to this machine. Else an empty text."""
    if not text or len(text) > 2000 or clean(text, 2000) != text or " " in text:
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme == "https" and host:
        return text
    return text if parts.scheme == "http" and host in LOOPBACK else ""


def run_of(wire: RunWire, repository: RepositoryId) -> Run:
    """Returns the run; without a start of its own the attempt started when the run was created."""
    path = _workflow_path(wire.path)
    return Run(
        repository=repository,
        id=wire.id,
        attempt=wire.run_attempt,
        number=wire.run_number,
        workflow_id=wire.workflow_id,
        # An invalid workflow file has no name or its path for one; a billing lock leaves the name empty.
        workflow_name=clean(wire.name, _NAME) or path,
        workflow_path=path,
        title=clean(wire.display_title),
        event=clean(wire.event, _WORD),
        branch=clean(wire.head_branch, _NAME) or None,
        head_sha=clean(wire.head_sha, _SHA),
        status=_status(wire.status),
        conclusion=clean(wire.conclusion, _WORD) or None,
        created_at=wire.created_at,
        started_at=wire.run_started_at or wire.created_at,
        updated_at=wire.updated_at or wire.run_started_at or wire.created_at,
        actor=clean(wire.actor.login, _NAME) if wire.actor else "",
        url=safe_url(wire.html_url),
        pull_requests=tuple(pull.number for pull in wire.pull_requests or ()),
    )


def job_of(wire: JobWire, attempt: int) -> Job:
    """Returns the job as listed under that attempt, whichever attempt it was executed in."""
    return Job(
        id=wire.id,
        run_id=wire.run_id,
        attempt=attempt,
        name=clean(wire.name, _NAME),
        status=_status(wire.status),
        conclusion=clean(wire.conclusion, _WORD) or None,
        created_at=wire.created_at,
        started_at=wire.started_at,
        completed_at=wire.completed_at,
        labels=tuple(clean(label, _NAME) for label in wire.labels or ()),
        runner_name=clean(wire.runner_name, _NAME) or None,
        url=safe_url(wire.html_url),
        steps=tuple(_step(step) for step in wire.steps or ()),
    )


def workflow_of(wire: WorkflowWire) -> Workflow:
    """Returns the workflow."""
    path = _workflow_path(wire.path)
    return Workflow(
        id=wire.id,
        name=clean(wire.name, _NAME) or path,
        path=path,
        state=clean(wire.state, _WORD) or "unknown",
        url=safe_url(wire.html_url),
    )


def pull_of(wire: PullWire, repository: RepositoryId) -> PullRequest:
    """Returns the pull request; its body keeps its lines."""
    return PullRequest(
        repository=repository,
        number=wire.number,
        title=clean(wire.title),
        state=clean(wire.state, _WORD),
        draft=bool(wire.draft),
        merged=bool(wire.merged) or wire.merged_at is not None,
        branch=clean(wire.head.ref, _NAME),
        head_sha=clean(wire.head.sha, _SHA),
        base_branch=clean(wire.base.ref, _NAME),
        author=clean(wire.user.login, _NAME) if wire.user else "",
        updated_at=wire.updated_at,
        url=safe_url(wire.html_url),
        mergeable_state=clean(wire.mergeable_state, _WORD) or None,
        body=clean_block(wire.body, _BODY),
    )


def _step(wire: StepWire) -> Step:
    return Step(
        number=wire.number,
        name=clean(wire.name, _NAME),
        status=_status(wire.status),
        conclusion=clean(wire.conclusion, _WORD) or None,
        started_at=wire.started_at,
        completed_at=wire.completed_at,
    )


def _status(word: str | None) -> str:
    return clean(word, _WORD) or "unknown"


def _workflow_path(path: str | None) -> str:
    cleaned = clean(path)
    matched = _PATH_WITH_REF.match(cleaned)
    return matched.group(1) if matched else cleaned
