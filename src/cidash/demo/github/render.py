"""The API's objects as they are at one moment: repository, users, workflows, runs, jobs, check runs."""

from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from cidash.demo.github.model import FULL_NAME, NAME, OWNER, Attempt, Commit, Job, Run, Workflow
from cidash.demo.github.timeline import attempt_state, job_status
from cidash.demo.github.web import dumps
from cidash.demo.github.world import World

REPOSITORY_ID = 986_412_077
Object = dict[str, object]
_LINKS = ("archive_url:/{archive_format}{/ref}", "assignees_url:/assignees{/user}", "blobs_url:/git/blobs{/sha}",
          "branches_url:/branches{/branch}", "collaborators_url:/collaborators{/collaborator}",
          "comments_url:/comments{/number}", "commits_url:/commits{/sha}", "compare_url:/compare/{base}...{head}",
          "contents_url:/contents/{+path}", "contributors_url:/contributors", "deployments_url:/deployments",
          "downloads_url:/downloads", "events_url:/events", "forks_url:/forks", "git_commits_url:/git/commits{/sha}",
          "git_refs_url:/git/refs{/sha}", "git_tags_url:/git/tags{/sha}", "hooks_url:/hooks",
          "issue_comment_url:/issues/comments{/number}", "issue_events_url:/issues/events{/number}",
          "issues_url:/issues{/number}", "keys_url:/keys{/key_id}", "labels_url:/labels{/name}",
          "languages_url:/languages", "merges_url:/merges", "milestones_url:/milestones{/number}",
          "notifications_url:/notifications{?since,all,participating}", "pulls_url:/pulls{/number}",
          "releases_url:/releases{/id}", "stargazers_url:/stargazers", "statuses_url:/statuses/{sha}",
          "subscribers_url:/subscribers", "subscription_url:/subscription", "tags_url:/tags", "teams_url:/teams",
          "trees_url:/git/trees{/sha}")  # fmt: skip


def iso(when: datetime) -> str:
    """Returns the time as the API writes it: UTC, whole seconds, cut and not rounded."""
    return f"{when.isoformat()[:19]}Z"


def iso_or_none(when: datetime | None) -> str | None:
    """Returns the time as the API writes it, or null."""
    return None if when is None else iso(when)


def node_id(prefix: str, number: int) -> str:
    """Returns an opaque node id."""
    return f"{prefix}_kwLO{number:x}"


@lru_cache(maxsize=128)
def user_id(login: str) -> int:
    """Returns the account number of a login."""
    return int(sha256(login.encode()).hexdigest()[:7], 16)


def user(world: World, login: str) -> Object:
    """Returns a simple user."""
    url = f"{world.api_url}/users/{login}"
    return {
        "login": login,
        "id": user_id(login),
        "node_id": node_id("U", user_id(login)),
        "avatar_url": f"{world.web_url}/avatars/{user_id(login)}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.web_url}/{login}",
        "repos_url": f"{url}/repos",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def repo_url(world: World) -> str:
    """Returns the API address of the repository."""
    return f"{world.api_url}/repos/{FULL_NAME}"


def repo_web(world: World) -> str:
    """Returns the web address of the repository."""
    return f"{world.web_url}/{FULL_NAME}"


def minimal_repository(world: World, owner: str = OWNER) -> Object:
    """Returns the repository as it stands inside other objects; somebody else's is a fork of it."""
    base = f"{world.api_url}/repos/{owner}/{NAME}"
    number = REPOSITORY_ID if owner == OWNER else REPOSITORY_ID + user_id(owner)
    links = dict(entry.split(":", 1) for entry in _LINKS)
    return {
        "id": number,
        "node_id": node_id("R", number),
        "name": NAME,
        "full_name": f"{owner}/{NAME}",
        "private": False,
        "owner": user(world, owner),
        "html_url": f"{world.web_url}/{owner}/{NAME}",
        "description": "A message bus for cooperating agents",
        "fork": owner != OWNER,
        "url": base,
        **{name: f"{base}{path}" for name, path in links.items()},
    }


def workflow(world: World, item: Workflow) -> Object:
    """Returns a workflow."""
    name = item.path.rsplit("/", 1)[-1]
    return {
        "id": item.id,
        "node_id": node_id("W", item.id),
        "name": item.name,
        "path": item.path,
        "state": item.state,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at or item.created_at),
        "url": f"{repo_url(world)}/actions/workflows/{item.id}",
        "html_url": f"{repo_web(world)}/blob/main/{item.path}",
        "badge_url": f"{repo_web(world)}/actions/workflows/{name}/badge.svg",
    }


def head_commit(commit: Commit) -> Object:
    """Returns a commit as a run names it."""
    person = {"name": commit.author, "email": f"{commit.author}@users.noreply.github.com"}
    return {
        "id": commit.sha,
        "tree_id": commit.tree_sha,
        "message": commit.message,
        "timestamp": iso(commit.at),
        "author": person,
        "committer": {"name": "GitHub", "email": "noreply@github.com"},
    }


def pull_reference(world: World, number: int, sha: str | None = None) -> Object:
    """Returns a pull request as runs and check runs name it."""
    pull = world.pulls[number]
    repo = {"id": REPOSITORY_ID, "url": repo_url(world), "name": NAME}
    return {
        "url": f"{repo_url(world)}/pulls/{number}",
        "id": 2_900_000_000 + number,
        "number": number,
        "head": {"ref": pull.branch, "sha": sha or pull.head_sha, "repo": repo},
        "base": {"ref": pull.base_branch, "sha": pull.base_sha, "repo": repo},
    }


def _updated_at(run: Run, finished_at: datetime, now: datetime) -> datetime:
    late = finished_at + timedelta(seconds=run.updated_lag_seconds)
    return late if late <= now else finished_at


_KEPT = 4000


def run_bytes(world: World, run: Run, attempt: Attempt, now: datetime, *, pulls: bool = True) -> bytes:
    """Returns the run, described at that attempt, serialised; what does not change is not made twice."""
    status, conclusion, changed = attempt_state(attempt, now)
    if status == "completed" and run.attempts[-1] is attempt:
        changed = _updated_at(run, changed, now)
    key = ("run", world.version, run.id, attempt.number, attempt.started_at, status, conclusion, changed, pulls)
    kept = world.serialised
    if key not in kept:
        if len(kept) > _KEPT:
            kept.clear()
        kept[key] = dumps(_run(world, run, attempt, (status, conclusion, changed), pulls=pulls))
    return kept[key]


def _run(world: World, run: Run, attempt: Attempt, state: tuple[str, str | None, datetime], *, pulls: bool) -> Object:
    url = f"{repo_url(world)}/actions/runs/{run.id}"
    suite = run.id * 2 + 7
    references = [pull_reference(world, number, run.head_sha) for number in run.pulls] if pulls else []
    before = attempt.number - 1
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.title.split("\n", 1)[0],
        "run_number": run.number,
        "event": run.event,
        "status": state[0],
        "conclusion": state[1],
        "workflow_id": run.workflow.id,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        "url": url,
        "html_url": f"{repo_web(world)}/actions/runs/{run.id}",
        "pull_requests": references,
        "created_at": iso(run.created_at),
        "updated_at": iso(state[2]),
        "actor": user(world, run.actor),
        "run_attempt": attempt.number,
        "referenced_workflows": [],
        "run_started_at": iso(attempt.started_at),
        "triggering_actor": user(world, attempt.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{repo_url(world)}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{before}" if before else None,
        "workflow_url": f"{repo_url(world)}/actions/workflows/{run.workflow.id}",
        "head_commit": head_commit(world.graph.commits[run.head_sha]),
        "repository": minimal_repository(world),
        "head_repository": minimal_repository(world, run.head_owner),
    }


def visible_jobs(attempt: Attempt, now: datetime) -> list[Job]:
    """Returns the jobs that exist at that moment: one behind `needs` does not before its needs are done."""
    return [job for job in attempt.jobs if job.created_at <= now]


def job_bytes(world: World, run: Run, attempt: Attempt, job: Job, now: datetime) -> bytes:
    """Returns the job, serialised; a finished one is not made twice."""
    if not job.is_done(now):
        return dumps(_job(world, run, attempt, job, now))
    key = ("job", world.version, job.id, job.completed_at)
    kept = world.serialised
    if key not in kept:
        if len(kept) > _KEPT:
            kept.clear()
        kept[key] = dumps(_job(world, run, attempt, job, now))
    return kept[key]


def _job(world: World, run: Run, attempt: Attempt, job: Job, now: datetime) -> Object:
    status = job_status(job, now)
    started = job.started_at if job.started_at is not None and job.started_at <= now else job.created_at
    done = job.completed_at if status == "completed" else None
    if done is not None and job.conclusion == "skipped":
        done -= timedelta(seconds=1)
    runner = job.runner if status in {"in_progress", "completed"} else None
    url = f"{repo_url(world)}/actions/jobs/{job.id}"
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.branch,
        "run_url": f"{repo_url(world)}/actions/runs/{run.id}",
        "run_attempt": attempt.number,
        "node_id": node_id("CR", job.id),
        "head_sha": run.head_sha,
        "url": url,
        "html_url": f"{repo_web(world)}/actions/runs/{run.id}/job/{job.id}",
        "status": status,
        "conclusion": job.conclusion if status == "completed" else None,
        "created_at": iso(job.created_at),
        "started_at": iso(started),
        "completed_at": iso_or_none(done),
        "name": job.plan.name,
        "steps": steps(job, now),
        "check_run_url": f"{repo_url(world)}/check-runs/{job.id}",
        "labels": list(job.plan.labels) if job.conclusion != "skipped" else [],
        "runner_id": runner,
        "runner_name": f"GitHub Actions {runner}" if runner else None,
        "runner_group_id": 0 if runner else None,
        "runner_group_name": "GitHub Actions" if runner else None,
    }


def steps(job: Job, now: datetime) -> list[Object]:
    """Returns the steps that the API lists at that moment: none while queued, post steps only once they begin."""
    if job.started_at is None or job.started_at > now:
        return []
    rows: list[Object] = []
    set_up = bool(job.steps) and job.steps[0].completed_at <= now
    for place, step in enumerate(job.steps):
        begun, ended = step.started_at <= now, step.completed_at <= now
        if not begun and (step.post or (not set_up and place)):
            continue
        over = begun and ended
        rows.append(
            {
                "name": step.name,
                "status": "completed" if over else "in_progress" if begun else "pending",
                "conclusion": step.conclusion if over else None,
                "number": step.number,
                "started_at": iso(step.started_at) if begun else None,
                "completed_at": iso(step.completed_at) if over else None,
            }
        )
    return rows


def check_run(world: World, run: Run, job: Job, now: datetime) -> Object:
    """Returns the check run that belongs to a job: both have the same number."""
    status = job_status(job, now)
    shown = "queued" if status == "waiting" else status
    begun = job.started_at if job.started_at is not None and job.started_at <= now else job.created_at
    url = f"{repo_url(world)}/check-runs/{job.id}"
    failed = status == "completed" and job.plan.failure is not None
    return {
        "id": job.id,
        "name": job.plan.name,
        "node_id": node_id("CR", job.id),
        "head_sha": run.head_sha,
        "external_id": f"{job.id:x}",
        "url": url,
        "html_url": f"{repo_web(world)}/actions/runs/{run.id}/job/{job.id}",
        "details_url": f"{repo_web(world)}/actions/runs/{run.id}/job/{job.id}",
        "status": shown,
        "conclusion": job.conclusion if status == "completed" else None,
        "started_at": iso(begun),
        "completed_at": iso_or_none(job.completed_at) if status == "completed" else None,
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 1 if failed else 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.id * 2 + 7},
        "app": {
            "id": 15368,
            "slug": "github-actions",
            "node_id": "MDM6QXBwMTUzNjg=",
            "owner": user(world, "github"),
            "name": "GitHub Actions",
        },
        "pull_requests": [pull_reference(world, number, run.head_sha) for number in run.pulls],
    }
