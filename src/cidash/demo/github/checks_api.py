"""Check runs, statuses, branch protection and rulesets: what a branch demands and what a commit has."""

from datetime import datetime

from cidash.demo.github import render
from cidash.demo.github.model import FULL_NAME, Job, Protection, Run
from cidash.demo.github.timeline import job_status
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, not_found
from cidash.demo.github.world import World

routes = Routes()
Object = dict[str, object]


def check_jobs(world: World, sha: str, now: datetime, *, newest: bool = True) -> list[tuple[Run, Job]]:
    """Returns the jobs whose check runs a commit has: of the newest attempts only, or of all."""
    rows = []
    for run in world.visible_runs(now):
        if run.head_sha != sha:
            continue
        attempts = [run.latest(now)] if newest else [each for each in run.attempts if each.started_at <= now]
        rows += [(run, job) for attempt in attempts for job in render.visible_jobs(attempt, now)]
    return rows


def states_by_name(world: World, sha: str, now: datetime) -> dict[str, str]:
    """Returns check name -> conclusion, or status while it goes on; of two checks with one name the newer."""
    states: dict[str, str] = {}
    for _, job in check_jobs(world, sha, now):
        status = job_status(job, now)
        states.setdefault(job.plan.name, job.conclusion if status == "completed" else status)
    return states


def required_contexts(world: World, branch: str) -> list[str]:
    """Returns the names of the checks that classic protection and rulesets demand."""
    names: list[str] = []
    protection = world.protection.get(branch)
    if protection is not None:
        names += protection.contexts or ()
    for rules in world.rulesets:
        if rules.enforcement != "active" or not rules.covers(branch):
            continue
        for rule in rules.rules:
            parameters = rule.get("parameters")
            if rule.get("type") == "required_status_checks" and isinstance(parameters, dict):
                names += [str(check["context"]) for check in parameters.get("required_status_checks", [])]
    return list(dict.fromkeys(names))


def resolve_sha(call: Call) -> str:
    """Returns the sha of the commit that the path's ref names; also of one in a fork."""
    commit = call.world.graph.resolve(call.args["ref"])
    if commit is None or commit.at > call.now:
        raise RefusalError(422, f"No commit found for SHA: {call.args['ref']}")
    return commit.sha


@routes.on("GET", "commits/{ref}/check-runs")
def list_check_runs(call: Call) -> Reply:
    """The commit's check runs: one for each job."""
    query = call.query
    rows = check_jobs(call.world, resolve_sha(call), call.now, newest=query.get("filter") != "all")
    chosen = [
        (run, job)
        for run, job in rows
        if query.get("check_name") in {None, job.plan.name}
        and query.get("status") in {None, "queued" if (word := job_status(job, call.now)) == "waiting" else word}
    ]
    return call.counted("check_runs", chosen, lambda row: render.check_run(call.world, row[0], row[1], call.now))


@routes.on("GET", "commits/{ref}/status")
def combined_status(call: Call) -> Reply:
    """The combined old-style status: nothing sets one here, so it is pending."""
    sha, world = resolve_sha(call), call.world
    url = f"{render.repo_url(world)}/commits/{sha}"
    return answer(
        {
            "state": "pending",
            "statuses": [],
            "sha": sha,
            "total_count": 0,
            "repository": render.minimal_repository(world),
            "commit_url": url,
            "url": f"{url}/status",
        }
    )


@routes.on("GET", "check-runs/{check}")
def show_check_run(call: Call) -> Reply:
    """One check run."""
    run, job = _find_check(call)
    return answer(render.check_run(call.world, run, job, call.now))


def _find_check(call: Call) -> tuple[Run, Job]:
    found = call.world.jobs.get(call.number("check"))
    if found is None or found[2].created_at > call.now:
        raise not_found()
    return found[0], found[2]


@routes.on("GET", "check-runs/{check}/annotations")
def list_annotations(call: Call) -> Reply:
    """What the job said was wrong."""
    run, job = _find_check(call)
    messages: list[str] = []
    if job.is_done(call.now) and job.plan.failure and job.conclusion in {"failure", "timed_out"}:
        messages = [job.plan.failure, "Process completed with exit code 1."]
    blob = f"{render.repo_web(call.world)}/blob/{run.head_sha}/.github"
    return call.listed(
        messages,
        lambda message: {
            "path": ".github",
            "blob_href": blob,
            "start_line": 1,
            "end_line": 1,
            "start_column": None,
            "end_column": None,
            "annotation_level": "failure",
            "title": "",
            "message": message,
            "raw_details": "",
        },
    )


@routes.on("GET", "branches/{branch}/protection")
def show_protection(call: Call) -> Reply:
    """Classic protection; only administrators learn whether there is any."""
    world, branch = call.world, call.args["branch"]
    if branch not in world.graph.branches:
        raise RefusalError(404, "Branch not found")
    if not call.caller.admin:
        if world.hidden_protection_status == 403:
            wanted = {"x-accepted-github-permissions": "administration=read"}
            raise RefusalError(403, "Resource not accessible by personal access token", headers=wanted)
        raise not_found()
    protection = world.protection.get(branch)
    if protection is None:
        raise RefusalError(404, "Branch not protected")
    return answer(_protection(call, branch, protection))


def _protection(call: Call, branch: str, item: Protection) -> Object:
    url = f"{render.repo_url(call.world)}/branches/{branch}/protection"
    body: Object = {"url": url}
    if item.contexts is not None:
        body["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": item.strict,
            "contexts": list(item.contexts),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": 15368} for name in item.contexts],
        }
    if item.reviews is not None:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": item.dismiss_stale,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": item.reviews,
        }
    if item.push_logins is not None:
        body["restrictions"] = {
            "url": f"{url}/restrictions",
            "users": [render.user(call.world, login) for login in item.push_logins],
            "teams": [],
            "apps": [],
        }
    body |= {
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": item.enforce_admins},
        "required_linear_history": {"enabled": item.linear_history},
        "allow_force_pushes": {"enabled": item.force_pushes},
        "allow_deletions": {"enabled": item.deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    return body


@routes.on("GET", "rules/branches/{branch}")
def list_branch_rules(call: Call) -> Reply:
    """The active rules of all rulesets for a branch, which need not exist."""
    rules: list[Object] = [
        {
            **rule,
            "ruleset_source_type": "Repository",
            "ruleset_source": FULL_NAME,
            "ruleset_id": ruleset.id,
        }
        for ruleset in call.world.rulesets
        if ruleset.enforcement == "active" and ruleset.covers(call.args["branch"])
        for rule in ruleset.rules
    ]
    return call.listed(rules, lambda rule: rule)


@routes.on("GET", "rulesets")
def list_rulesets(call: Call) -> Reply:
    """The repository's rulesets, without their rules."""
    return call.listed(call.world.rulesets, lambda ruleset: _ruleset(call, ruleset.id))


@routes.on("GET", "rulesets/{ruleset}")
def show_ruleset(call: Call) -> Reply:
    """One ruleset with its rules."""
    number = call.number("ruleset")
    return answer(_ruleset(call, number, whole=True))


def _ruleset(call: Call, number: int, *, whole: bool = False) -> Object:
    ruleset = next((each for each in call.world.rulesets if each.id == number), None)
    if ruleset is None:
        raise not_found()
    body: Object = {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": "branch",
        "source_type": "Repository",
        "source": FULL_NAME,
        "enforcement": ruleset.enforcement,
    }
    if whole:
        body["conditions"] = {"ref_name": {"include": list(ruleset.branches), "exclude": []}}
        body["rules"] = list(ruleset.rules)
        body["bypass_actors"] = []
    return body
