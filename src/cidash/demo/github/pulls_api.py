"""Pull requests: lists, what blocks a merge, merging, reviews, and the search for somebody's own."""

from cidash.demo.github import render
from cidash.demo.github.checks_api import required_contexts, states_by_name
from cidash.demo.github.files import changed_files
from cidash.demo.github.model import FULL_NAME, OWNER, Commit, Pull
from cidash.demo.github.repo_api import commit_object
from cidash.demo.github.rights import must_write
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, not_found
from cidash.demo.github.world import World

routes = Routes()
Object = dict[str, object]
_GREEN = frozenset({"success", "skipped", "neutral"})


def find_pull(call: Call) -> Pull:
    """Returns the pull request that the path names."""
    pull = call.world.pulls.get(call.number("pull"))
    if pull is None or pull.created_at > call.now:
        raise not_found()
    return pull


def _end(call: Call, label: str, ref: str, sha: str, owner: str) -> Object:
    return {
        "label": label,
        "ref": ref,
        "sha": sha,
        "user": render.user(call.world, owner),
        "repo": render.minimal_repository(call.world, owner),
    }


def pull_object(call: Call, pull: Pull) -> Object:
    """Returns a pull request as lists show it."""
    world = call.world
    url = f"{render.repo_url(world)}/pulls/{pull.number}"
    issue = f"{render.repo_url(world)}/issues/{pull.number}"
    base_sha = pull.base_sha if not pull.is_open(call.now) else world.graph.branches[pull.base_branch]
    return {
        "url": url,
        "id": 2_900_000_000 + pull.number,
        "node_id": render.node_id("PR", pull.number),
        "html_url": f"{render.repo_web(world)}/pull/{pull.number}",
        "diff_url": f"{render.repo_web(world)}/pull/{pull.number}.diff",
        "issue_url": issue,
        "number": pull.number,
        "state": "open" if pull.is_open(call.now) else "closed",
        "locked": False,
        "title": pull.title,
        "user": render.user(world, pull.author),
        "body": pull.body or None,
        "created_at": render.iso(pull.created_at),
        "updated_at": render.iso(pull.updated_at),
        "closed_at": render.iso_or_none(pull.closed_at),
        "merged_at": render.iso_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [{"id": render.user_id(name), "name": name, "color": "ededed", "default": False}
                   for name in pull.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "comments_url": f"{issue}/comments",
        "statuses_url": f"{render.repo_url(world)}/statuses/{pull.head_sha}",
        "head": _end(call, f"{pull.head_owner}:{pull.branch}", pull.branch, pull.head_sha, pull.head_owner),
        "base": _end(call, f"{OWNER}:{pull.base_branch}", pull.base_branch, base_sha, OWNER),
        "_links": {"self": {"href": url}, "html": {"href": f"{render.repo_web(world)}/pull/{pull.number}"}},
        "author_association": "OWNER" if pull.author == OWNER else "CONTRIBUTOR",
        "auto_merge": None,
        "active_lock_reason": None,
    }  # fmt: skip


@routes.on("GET", "pulls")
def list_pulls(call: Call) -> Reply:
    """Pull requests by state, head and base."""
    query = call.query
    state = query.get("state", "open")
    found = [
        pull
        for pull in call.world.pulls.values()
        if pull.created_at <= call.now
        and (state == "all" or (state == "open") == pull.is_open(call.now))
        and query.get("head") in {None, "", f"{pull.head_owner}:{pull.branch}"}
        and query.get("base") in {None, "", pull.base_branch}
    ]
    by = query.get("sort", "created")
    down = query.get("direction", "desc" if by == "created" else "asc") != "asc"
    found.sort(key=lambda pull: (pull.updated_at if by == "updated" else pull.created_at, pull.number), reverse=down)
    return call.listed(found, lambda pull: pull_object(call, pull))


@routes.on("GET", "pulls/{pull}")
def show_pull(call: Call) -> Reply:
    """One pull request. Whether it can be merged is null at first: GitHub works it out when asked."""
    world, pull = call.world, find_pull(call)
    commits = own_commits(world, pull)
    base = world.graph.merge_base(world.graph.branches[pull.base_branch], pull.head_sha)
    changes = changed_files(base.files if base else {}, world.graph.commits[pull.head_sha].files)
    mergeable, state = _mergeability(call, pull)
    return answer(
        {
            **pull_object(call, pull),
            "merged": pull.merged_at is not None,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": render.user(world, pull.merged_by) if pull.merged_by else None,
            "comments": 0,
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": len(commits),
            "additions": sum(int(str(change["additions"])) for change in changes),
            "deletions": sum(int(str(change["deletions"])) for change in changes),
            "changed_files": len(changes),
        }
    )


def own_commits(world: World, pull: Pull) -> list[Commit]:
    """Returns the pull request's commits, oldest first."""
    return world.graph.ahead(pull.base_sha, pull.head_sha)


def _mergeability(call: Call, pull: Pull) -> tuple[bool | None, str]:
    if not pull.is_open(call.now):
        return None, "unknown"
    known_for = (pull.head_sha, call.world.graph.branches[pull.base_branch])
    if pull.mergeability_known_for != known_for:
        pull.mergeability_known_for = known_for
        return None, "unknown"
    return not pull.conflicts, mergeable_state(call, pull)


def mergeable_state(call: Call, pull: Pull) -> str:
    """Returns GitHub's word for what stands between an open pull request and main."""
    world, branch = call.world, pull.base_branch
    if pull.draft:
        return "draft"
    if pull.conflicts:
        return "dirty"
    if blocker(call, pull) is not None:
        return "blocked"
    strict = (protection := world.protection.get(branch)) is not None and protection.strict
    if strict and world.graph.ahead(pull.head_sha, world.graph.branches[branch]):
        return "behind"
    states = states_by_name(world, pull.head_sha, call.now).values()
    return "clean" if all(state in _GREEN for state in states) else "unstable"


def blocker(call: Call, pull: Pull) -> str | None:
    """Returns the sentence that refuses the merge, or None."""
    world, branch = call.world, pull.base_branch
    states = states_by_name(world, pull.head_sha, call.now)
    for name in required_contexts(world, branch):
        if name not in states:
            return f'Required status check "{name}" is expected.'
        if states[name] not in _GREEN:
            return f'Required status check "{name}" is {"failing" if states[name] == "failure" else "in progress"}.'
    needed = _required_approvals(world, branch)
    approvals = {review.author for review in pull.reviews if review.state == "APPROVED"}
    if len(approvals) < needed:
        return f"At least {needed} approving review is required by reviewers with write access."
    return None


def _required_approvals(world: World, branch: str) -> int:
    protection = world.protection.get(branch)
    needed = (protection.reviews or 0) if protection else 0
    for rules in world.rulesets:
        if rules.enforcement != "active" or not rules.covers(branch):
            continue
        for rule in rules.rules:
            parameters = rule.get("parameters")
            if rule.get("type") == "pull_request" and isinstance(parameters, dict):
                needed = max(needed, int(parameters.get("required_approving_review_count", 0)))
    return needed


@routes.on("PUT", "pulls/{pull}/merge")
def merge(call: Call) -> Reply:
    """Merges, if the head is the one that was named and nothing blocks it."""
    must_write(call, "contents=write")
    pull, body = find_pull(call), call.body
    method = body.get("merge_method", "merge")
    if method not in {"merge", "squash", "rebase"}:
        raise RefusalError(
            422, "Invalid request.\n\nFor 'properties/merge_method', not a member of [merge, squash, rebase]."
        )
    if not pull.is_open(call.now):
        raise RefusalError(405, "Pull Request is not mergeable")
    if body.get("sha") not in {None, "", pull.head_sha}:
        raise RefusalError(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise RefusalError(405, "Pull Request is still a draft")
    if pull.conflicts:
        raise RefusalError(405, "Pull Request is not mergeable")
    reason = blocker(call, pull)
    if reason is not None:
        raise RefusalError(405, reason)
    if mergeable_state(call, pull) == "behind":
        raise RefusalError(405, "Head branch is out of date. Review and try the merge again.")
    title = body.get("commit_title")
    if not isinstance(title, str) or not title:
        title = f"{pull.title} (#{pull.number})"
        if method == "merge":
            title = f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.branch}"
    message = body.get("commit_message")
    text = f"{title}\n\n{message}" if isinstance(message, str) and message else title
    sha = call.world.merge(pull, str(method), text, call.now, call.caller.login)
    return Reply(200, answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"}).body)


@routes.on("GET", "pulls/{pull}/reviews")
def list_reviews(call: Call) -> Reply:
    """The reviews, oldest first."""
    pull, world = find_pull(call), call.world
    return call.listed(
        [review for review in pull.reviews if review.submitted_at <= call.now],
        lambda review: {
            "id": review.id,
            "node_id": render.node_id("PRR", review.id),
            "user": render.user(world, review.author),
            "body": review.body,
            "state": review.state,
            "html_url": f"{render.repo_web(world)}/pull/{pull.number}#pullrequestreview-{review.id}",
            "submitted_at": render.iso(review.submitted_at),
            "commit_id": review.commit_sha,
            "author_association": "MEMBER",
        },
    )


@routes.on("GET", "pulls/{pull}/commits")
def list_pull_commits(call: Call) -> Reply:
    """The commits, oldest first."""
    return call.listed(own_commits(call.world, find_pull(call)), lambda commit: commit_object(call, commit))


@routes.on("GET", "pulls/{pull}/files")
def list_pull_files(call: Call) -> Reply:
    """What the pull request changes."""
    pull, graph = find_pull(call), call.world.graph
    base = graph.merge_base(graph.branches[pull.base_branch], pull.head_sha)
    return call.listed(changed_files(base.files if base else {}, graph.commits[pull.head_sha].files), lambda item: item)


def search_issues(call: Call) -> Reply:
    """`/search/issues` for pull requests: understands repo:, is:, state:, type:, author: and head:."""
    query = call.query.get("q", "").strip()
    if not query:
        raise RefusalError(422, "Validation Failed", errors=[{"resource": "Search", "field": "q", "code": "missing"}])
    found = [
        pull
        for pull in call.world.pulls.values()
        if pull.created_at <= call.now and all(_matches(call, pull, word) for word in query.split())
    ]
    found.sort(key=lambda pull: pull.updated_at, reverse=True)
    chosen, headers = call.cut(found, 1000)
    items = []
    for pull in chosen:
        item = pull_object(call, pull)
        for name in ("head", "base", "_links", "merged_at", "merge_commit_sha"):
            item.pop(name)
        item["pull_request"] = {"url": item["url"], "merged_at": render.iso_or_none(pull.merged_at)}
        item["repository_url"] = render.repo_url(call.world)
        items.append(item)
    reply = answer({"total_count": len(found), "incomplete_results": False, "items": items})
    reply.headers |= headers
    reply.conditional = False
    return reply


def _matches(call: Call, pull: Pull, word: str) -> bool:
    name, _, value = word.partition(":")
    is_open, low = pull.is_open(call.now), value.lower()
    if name in {"is", "type", "state"}:
        known = {"pr": True, "pull-request": True, "open": is_open, "closed": not is_open,
                 "merged": pull.merged_at is not None, "draft": pull.draft, "public": True, "unmerged":
                 pull.merged_at is None}  # fmt: skip
        return known.get(low, False)
    tests = {
        "repo": low == FULL_NAME.lower(),
        "user": low == OWNER.lower(),
        "author": low == pull.author.lower() or (low == "@me" and pull.author == call.caller.login),
        "head": value == pull.branch,
        "base": value == pull.base_branch,
    }
    return tests.get(name, word.lower() in f"{pull.title} {pull.body}".lower())
