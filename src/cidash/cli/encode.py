"""From the snapshot to JSON: the names of the domain, durations in seconds, times as RFC 3339 UTC, words in lower case.

What is not known is null, never left out and never a guess.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from cidash.analysis.checks import checks_of
from cidash.analysis.duration import job_seconds, queue_seconds, run_elapsed_seconds, step_seconds
from cidash.analysis.links import pulls_of_ticket, tickets_of_pull
from cidash.cli.encode_merge import merge_state
from cidash.domain.ci import Job, PullRequest, Run, Step, Workflow
from cidash.domain.epic import Epic, Status, Ticket
from cidash.domain.problem import Problem
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot
from cidash.domain.target import TargetResult

SCHEMA_VERSION = 1

Json = dict[str, Any]
T = TypeVar("T")


def dumps(document: Json) -> str:
    """Returns the document as text; other than ASCII is escaped, so that no terminal or pipe stumbles over it."""
    return json.dumps(document, indent=2, allow_nan=False)


def envelope(now: datetime) -> Json:
    """Returns what every document begins with."""
    return {"schema_version": SCHEMA_VERSION, "generated_at": moment(now)}


def status_document(snapshot: Snapshot, now: datetime) -> Json:
    """Returns the whole snapshot as a document."""
    return {
        **envelope(now),
        "repositories": [repository(one, now) for one in snapshot.repositories],
        "epic": _epic_part(snapshot, now),
        "targets": [target(one) for one in snapshot.targets],
        "budgets": [budget(one) for one in snapshot.budgets],
    }


def targets_document(snapshot: Snapshot, now: datetime) -> Json:
    """Returns the targets alone as a document, with the repositories that they were measured on."""
    return {
        **envelope(now),
        "repositories": [str(one.id) for one in snapshot.repositories],
        "targets": [target(one) for one in snapshot.targets],
    }


def repository(one: RepositorySnapshot, now: datetime) -> Json:
    """Returns a repository: its pull requests with the runs of their head commits, and all recent runs."""
    return {
        "repository": str(one.id),
        "default_branch": one.default_branch,
        "pulls": part(one.pulls, now, lambda pulls: [pull(each, one, now) for each in pulls]),
        "runs": part(one.runs, now, lambda runs: [run(each, one, now) for each in runs]),
        "workflows": part(one.workflows, now, lambda workflows: [_workflow(each) for each in workflows]),
    }


def part(one: Part[T], now: datetime, items: Callable[[T], list[Json]]) -> Json:
    """Returns a part with its state, its age, what is wrong with it, and its items; null items were never read."""
    return {**source(one, now), "items": None if one.data is None else items(one.data)}


def pull(one: PullRequest, where: RepositorySnapshot, now: datetime) -> Json:
    """Returns a pull request; `checks` sums up the newest runs of its head commit, null when there is none."""
    checks = checks_of(one.head_sha, where.runs.data or ())
    return {
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "draft": one.draft,
        "merged": one.merged,
        "branch": one.branch,
        "head_sha": one.head_sha,
        "base_branch": one.base_branch,
        "author": one.author,
        "updated_at": moment(one.updated_at),
        "url": one.url,
        "mergeable_state": one.mergeable_state,
        "merge": merge_part(one, where, now),
        "tickets": list(tickets_of_pull(one)),
        "checks": None if checks is None else checks.value,
        "runs": [run(each, where, now) for each in where.runs_of(one.head_sha)],
    }


def merge_part(one: PullRequest, where: RepositorySnapshot, now: datetime) -> Json | None:
    """Returns what blocks the merge, with its source state; null when nobody looked, or at another head only."""
    known = where.merge.get(one.number)
    if known is None:
        return None
    state = known.data if known.data is not None and known.data.head_sha == one.head_sha else None
    return {**source(known, now), **merge_state(state, checks_of(one.head_sha, where.runs.data or ()))}


def run(one: Run, where: RepositorySnapshot, now: datetime) -> Json:
    """Returns a run at its newest attempt; `jobs` is null when they have not been read."""
    jobs = where.jobs.get(one.key)
    known = None if jobs is None else jobs.data
    return {
        "id": one.id,
        "attempt": one.attempt,
        "number": one.number,
        "workflow_id": one.workflow_id,
        "workflow_name": one.workflow_name,
        "workflow_path": one.workflow_path,
        "title": one.title,
        "event": one.event,
        "branch": one.branch,
        "head_sha": one.head_sha,
        "status": one.status,
        "conclusion": one.conclusion,
        "state": one.state.value,
        "created_at": moment(one.created_at),
        "started_at": moment(one.started_at),
        "updated_at": moment(one.updated_at),
        "duration_seconds": None if known is None else run_elapsed_seconds(one, known, now),
        "actor": one.actor,
        "url": one.url,
        "pull_requests": list(one.pull_requests),
        "jobs": None if known is None else [job(each, where) for each in known],
    }


def job(one: Job, where: RepositorySnapshot) -> Json:
    """Returns a job with its steps; `cache` is null when its log has not been read."""
    cache = where.caches.get(one.id)
    return {
        "id": one.id,
        "run_id": one.run_id,
        "attempt": one.attempt,
        "name": one.name,
        "status": one.status,
        "conclusion": one.conclusion,
        "state": one.state.value,
        "created_at": moment(one.created_at),
        "started_at": moment(one.started_at),
        "completed_at": moment(one.completed_at),
        "queue_seconds": queue_seconds(one),
        "duration_seconds": job_seconds(one),
        "cache": None if cache is None else cache.value,
        "labels": list(one.labels),
        "runner_name": one.runner_name,
        "url": one.url,
        "steps": [_step(each) for each in one.steps],
    }


def ticket(one: Ticket, pulls: Mapping[str, list[Json]]) -> Json:
    """Returns a ticket with its links and the open pull requests that name it."""
    return {
        "key": one.key,
        "summary": one.summary,
        "type_name": one.type_name,
        "status": _status(one.status),
        "status_since": moment(one.status_since),
        "assignee": one.assignee,
        "updated_at": moment(one.updated_at),
        "parent_key": one.parent_key,
        "estimate_seconds": one.estimate_seconds,
        "remaining_seconds": one.remaining_seconds,
        "links": [
            {
                "phrase": link.phrase,
                "key": link.key,
                "summary": link.summary,
                "status": _status(link.status),
                "blocks_me": link.blocks_me,
            }
            for link in one.links
        ],
        "url": one.url,
        "pulls": pulls.get(one.key, []),
    }


def target(one: TargetResult) -> Json:
    """Returns a target and its verdict; baseline, limit and value are in `unit`, a percent is a share of 0 to 1."""
    goal = one.target
    in_seconds = goal.unit == "seconds"
    suffix = "_seconds" if in_seconds else ""
    return {
        "id": goal.id,
        "title": goal.title,
        "measure": goal.measure,
        "workflow": goal.workflow,
        "job": goal.job,
        "step": goal.step,
        "cache": None if goal.cache is None else goal.cache.value,
        "cache_name": goal.cache_name,
        "unit": goal.unit,
        f"baseline{suffix}": goal.baseline,
        f"limit{suffix}": goal.limit,
        "baseline_text": goal.baseline_text,
        "limit_text": goal.limit_text,
        "ticket": goal.ticket,
        "verdict": one.verdict.value,
        "reason": one.reason,
        "n": one.n,
        f"value{suffix}": one.value,
        f"interval{suffix}": None if one.interval is None else list(one.interval),
        "within": one.within,
        "within_interval": None if one.share_interval is None else list(one.share_interval),
        "percentile": goal.percentile,
        "window": goal.window,
        "more_runs": one.more_runs,
        "data": one.data,
        "runs": [{"run_id": run_id, "attempt": attempt} for run_id, attempt in one.runs],
    }


def budget(one: Budget) -> Json:
    """Returns a host's rate limit and what cidash spent of it."""
    return {
        "host": one.host,
        "limit": one.limit,
        "remaining": one.remaining,
        "reset_at": moment(one.reset_at),
        "charged": one.charged,
        "total": one.total,
        "slowed_to_seconds": one.slowed_to_seconds,
        "blocked_until": moment(one.blocked_until),
    }


def moment(one: datetime | None) -> str | None:
    """Returns a time as RFC 3339 in UTC with `Z`, to the second or, where it has them, the millisecond."""
    if one is None:
        return None
    precision = "milliseconds" if one.microsecond else "seconds"
    return one.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def source(one: Part[Any], now: datetime) -> Json:
    """Returns a part's state, age and problem."""
    age = one.age_seconds(now)
    return {
        "state": one.state.value,
        "fetched_at": moment(one.fetched_at),
        "age_seconds": None if age is None else round(age, 3),
        "problem": None if one.problem is None else _problem(one.problem),
    }


def _problem(one: Problem) -> Json:
    return {
        "kind": one.kind.value,
        "sentence": one.sentence,
        "retry_at": moment(one.retry_at),
        "status": one.status,
    }


def _epic_part(snapshot: Snapshot, now: datetime) -> Json:
    epic: Epic | None = snapshot.epic.data
    if epic is None:
        return {**source(snapshot.epic, now), "ticket": None, "children": None}
    pulls: dict[str, list[Json]] = {}
    for one in snapshot.repositories:
        for child in (epic.ticket, *epic.children):
            found = pulls_of_ticket(child.key, one.pulls.data or ())
            pulls.setdefault(child.key, []).extend(
                {"repository": str(one.id), "number": each.number, "url": each.url} for each in found
            )
    return {
        **source(snapshot.epic, now),
        "ticket": ticket(epic.ticket, pulls),
        "children": [ticket(child, pulls) for child in epic.children],
    }


def _workflow(one: Workflow) -> Json:
    return {"id": one.id, "name": one.name, "path": one.path, "state": one.state, "url": one.url}


def _step(one: Step) -> Json:
    return {
        "number": one.number,
        "name": one.name,
        "status": one.status,
        "conclusion": one.conclusion,
        "state": one.state.value,
        "started_at": moment(one.started_at),
        "completed_at": moment(one.completed_at),
        "duration_seconds": step_seconds(one),
    }


def _status(one: Status) -> Json:
    return {"id": one.id, "name": one.name, "category": one.category.value}
