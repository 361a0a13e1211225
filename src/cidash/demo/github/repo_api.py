"""The repository itself: its description, branches, commits, files, releases and tags."""

import base64

from cidash.demo.github import render
from cidash.demo.github.checks_api import required_contexts, resolve_sha
from cidash.demo.github.files import below, blob_sha, changed_files, tree_sha
from cidash.demo.github.model import DEFAULT_BRANCH, FULL_NAME, OWNER, Commit, Pull, Release
from cidash.demo.github.web import Call, RefusalError, Reply, Routes, answer, not_found

routes = Routes()
Object = dict[str, object]
_RAW = ("application/vnd.github.raw", "application/vnd.github.v3.raw")


def repository_object(call: Call) -> Object:
    """Returns the whole repository."""
    world = call.world
    writes = call.caller.admin
    body: Object = {
        **render.minimal_repository(world),
        "clone_url": f"{render.repo_web(world)}.git",
        "git_url": f"git://github.com/{FULL_NAME}.git",
        "ssh_url": f"git@github.com:{FULL_NAME}.git",
        "homepage": None,
        "language": "Python",
        "created_at": "2025-11-02T08:12:44Z",
        "updated_at": render.iso(world.started_at),
        "pushed_at": render.iso(world.graph.commits[world.graph.branches[DEFAULT_BRANCH]].at),
        "size": 1843,
        "stargazers_count": 4,
        "watchers_count": 4,
        "forks_count": 1,
        "open_issues_count": sum(pull.is_open(call.now) for pull in world.pulls.values()),
        "default_branch": DEFAULT_BRANCH,
        "visibility": "public",
        "archived": False,
        "disabled": False,
        "has_issues": True,
        "has_wiki": False,
        "license": None,
        "topics": ["agents", "redis"],
        "allow_forking": True,
    }
    if call.caller.token is not None:
        body["permissions"] = {"admin": writes, "maintain": writes, "push": writes, "triage": writes, "pull": True}
    if writes:
        body |= {
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": False,
            "delete_branch_on_merge": False,
        }
    return body


@routes.on("GET", "")
def show_repository(call: Call) -> Reply:
    """The repository."""
    return answer(repository_object(call))


def _branch_commit(call: Call, sha: str) -> Object:
    return {"sha": sha, "url": f"{render.repo_url(call.world)}/commits/{sha}"}


@routes.on("GET", "branches")
def list_branches(call: Call) -> Reply:
    """The branches, by name."""
    world = call.world
    return call.listed(
        sorted(world.graph.branches.items()),
        lambda item: {
            "name": item[0],
            "commit": _branch_commit(call, item[1]),
            "protected": world.protected(item[0]),
        },
    )


@routes.on("GET", "branches/{branch}")
def show_branch(call: Call) -> Reply:
    """One branch, with what everybody may know of its protection."""
    world, name = call.world, call.args["branch"]
    sha = world.graph.branches.get(name)
    if sha is None:
        raise RefusalError(404, "Branch not found")
    contexts = required_contexts(world, name)
    level = "off" if not contexts else "everyone" if world.protected(name) else "non_admins"
    protection = world.protection.get(name)
    if contexts and protection is not None and not protection.enforce_admins:
        level = "non_admins"
    url = f"{render.repo_url(world)}/branches/{name}"
    return answer(
        {
            "name": name,
            "commit": commit_object(call, world.graph.commits[sha]),
            "_links": {"self": url, "html": f"{render.repo_web(world)}/tree/{name}"},
            "protected": world.protected(name),
            "protection": {
                "enabled": name in world.protection,
                "required_status_checks": {
                    "enforcement_level": level,
                    "contexts": contexts,
                    "checks": [{"context": context, "app_id": 15368} for context in contexts],
                },
            },
            "protection_url": f"{url}/protection",
        }
    )


def commit_object(call: Call, commit: Commit) -> Object:
    """Returns a commit as lists show it."""
    world = call.world
    url = f"{render.repo_url(world)}/commits/{commit.sha}"
    author = {
        "name": commit.author,
        "email": f"{commit.author}@users.noreply.github.com",
        "date": render.iso(commit.at),
    }
    return {
        "sha": commit.sha,
        "node_id": f"C_{commit.sha[:20]}",
        "commit": {
            "author": author,
            "committer": {"name": "GitHub", "email": "noreply@github.com", "date": render.iso(commit.at)},
            "message": commit.message,
            "tree": {"sha": commit.tree_sha, "url": f"{render.repo_url(world)}/git/trees/{commit.tree_sha}"},
            "url": f"{render.repo_url(world)}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        },
        "url": url,
        "html_url": f"{render.repo_web(world)}/commit/{commit.sha}",
        "comments_url": f"{url}/comments",
        "author": render.user(world, commit.author),
        "committer": render.user(world, commit.author),
        "parents": [
            {"sha": sha, "url": f"{render.repo_url(world)}/commits/{sha}",
             "html_url": f"{render.repo_web(world)}/commit/{sha}"}
            for sha in commit.parents
        ],
    }  # fmt: skip


@routes.on("GET", "commits")
def list_commits(call: Call) -> Reply:
    """The commits of a branch or sha, newest first; `path`, `author`, `since` and `until` narrow them."""
    graph, query = call.world.graph, call.query
    start = graph.resolve(query.get("sha") or DEFAULT_BRANCH)
    if start is None:
        raise not_found()
    found = graph.history(start.sha)
    path = query.get("path")
    if path:
        found = [commit for commit in found if _touches(call, commit, path)]
    if query.get("author"):
        found = [commit for commit in found if commit.author == query["author"]]
    if query.get("since"):
        found = [commit for commit in found if render.iso(commit.at) >= query["since"]]
    if query.get("until"):
        found = [commit for commit in found if render.iso(commit.at) <= query["until"]]
    return call.listed(found, lambda commit: commit_object(call, commit))


def _touches(call: Call, commit: Commit, path: str) -> bool:
    before = call.world.graph.commits[commit.parents[0]].files if commit.parents else {}
    if path in commit.files or path in before:
        return commit.files.get(path) != before.get(path)
    return below(commit.files, path) != below(before, path)


@routes.on("GET", "commits/{ref}")
def show_commit(call: Call) -> Reply:
    """One commit with its changes."""
    graph = call.world.graph
    commit = graph.commits[resolve_sha(call)]
    changes = changed_files(graph.commits[commit.parents[0]].files if commit.parents else {}, commit.files)
    added = sum(int(str(change["additions"])) for change in changes)
    removed = sum(int(str(change["deletions"])) for change in changes)
    stats = {"total": added + removed, "additions": added, "deletions": removed}
    return answer({**commit_object(call, commit), "stats": stats, "files": changes})


@routes.on("GET", "commits/{ref}/pulls")
def list_commit_pulls(call: Call) -> Reply:
    """The pull requests that a commit belongs to."""
    from cidash.demo.github.pulls_api import own_commits, pull_object

    sha = resolve_sha(call)

    def belongs(pull: Pull) -> bool:
        return pull.merge_commit_sha == sha or any(commit.sha == sha for commit in own_commits(call.world, pull))

    found = [pull for pull in call.world.pulls.values() if pull.created_at <= call.now and belongs(pull)]
    return call.listed(found, lambda pull: pull_object(call, pull))


@routes.on("GET", "compare/{range}")
def compare(call: Call) -> Reply:
    """What the head has that the base has not."""
    graph = call.world.graph
    left, dots, right = call.args["range"].partition("...")
    base, head = graph.resolve(left), graph.resolve(right)
    if not dots or base is None or head is None:
        raise not_found()
    ahead, behind = graph.ahead(base.sha, head.sha), graph.ahead(head.sha, base.sha)
    fork_point = graph.merge_base(base.sha, head.sha)
    if fork_point is None:
        raise RefusalError(404, "No common ancestor between the two commits.")
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    return answer(
        {
            "url": f"{render.repo_url(call.world)}/compare/{left}...{right}",
            "html_url": f"{render.repo_web(call.world)}/compare/{left}...{right}",
            "base_commit": commit_object(call, base),
            "merge_base_commit": commit_object(call, fork_point),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [commit_object(call, commit) for commit in ahead[:250]],
            "files": changed_files(fork_point.files, head.files),
        }
    )


@routes.on("GET", "contents")
def list_root(call: Call) -> Reply:
    """The files and folders at the top."""
    return _contents(call, "")


@routes.on("GET", "contents/{path*}")
def show_contents(call: Call) -> Reply:
    """A file (base64, or raw if asked for) or a folder."""
    return _contents(call, call.args["path"])


def _contents(call: Call, path: str) -> Reply:
    commit = call.world.graph.resolve(call.query.get("ref") or DEFAULT_BRANCH)
    if commit is None:
        raise RefusalError(404, f"No commit found for the ref {call.query.get('ref', '')}")
    text = commit.files.get(path)
    if text is not None:
        if any(media in call.headers.get("accept", "") for media in _RAW):
            return Reply(200, text.encode(), media="application/vnd.github.raw+json; charset=utf-8", conditional=True)
        encoded = base64.encodebytes(text.encode()).decode()
        return answer({**_entry(call, path, "file", text, commit), "content": encoded, "encoding": "base64"})
    inside = below(commit.files, path)
    if not inside:
        raise not_found()
    prefix = f"{path}/" if path else ""
    names = sorted({name.split("/", 1)[0] for name in inside})
    rows = []
    for name in names:
        whole = f"{prefix}{name}"
        rows.append(_entry(call, whole, "file" if whole in commit.files else "dir", commit.files.get(whole), commit))
    return answer(rows)


def _entry(call: Call, path: str, kind: str, text: str | None, commit: Commit) -> Object:
    sha = blob_sha(text) if text is not None else tree_sha(below(commit.files, path))
    url = f"{render.repo_url(call.world)}/contents/{path}?ref={call.query.get('ref') or DEFAULT_BRANCH}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "size": len(text.encode()) if text is not None else 0,
        "url": url,
        "html_url": f"{render.repo_web(call.world)}/blob/{commit.sha}/{path}",
        "git_url": f"{render.repo_url(call.world)}/git/{'blobs' if kind == 'file' else 'trees'}/{sha}",
        "download_url": f"{render.repo_web(call.world)}/raw/{commit.sha}/{path}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url},
    }


@routes.on("GET", "git/trees/{tree}")
def show_tree(call: Call) -> Reply:
    """A tree by its sha, or that of a commit or branch; `recursive` lists everything below it."""
    name, world = call.args["tree"], call.world
    commit = world.graph.resolve(name)
    if commit is None:
        commit = next((each for each in world.graph.commits.values() if each.tree_sha == name), None)
    if commit is None:
        raise not_found()
    rows: list[Object] = []
    folders = {path.rsplit("/", depth)[0] for path in commit.files for depth in range(1, path.count("/") + 1)}
    deep = "recursive" in call.query
    for path in sorted({*commit.files, *folders}):
        if not deep and "/" in path:
            continue
        is_file = path in commit.files
        sha = blob_sha(commit.files[path]) if is_file else tree_sha(below(commit.files, path))
        row: Object = {"path": path, "mode": "100644" if is_file else "040000", "type": "blob" if is_file else "tree"}
        row["sha"] = sha
        if is_file:
            row["size"] = len(commit.files[path].encode())
        row["url"] = f"{render.repo_url(world)}/git/{'blobs' if is_file else 'trees'}/{sha}"
        rows.append(row)
    url = f"{render.repo_url(world)}/git/trees/{commit.tree_sha}"
    return answer({"sha": commit.tree_sha, "url": url, "tree": rows, "truncated": False})


def _release(call: Call, item: Release) -> Object:
    return {
        "id": item.id,
        "tag_name": item.tag,
        "target_commitish": DEFAULT_BRANCH,
        "name": item.name,
        "body": item.body,
        "draft": item.draft,
        "prerelease": item.prerelease,
        "created_at": render.iso(item.created_at),
        "published_at": None if item.draft else render.iso(item.created_at),
        "author": render.user(call.world, OWNER),
        "assets": [],
        "url": f"{render.repo_url(call.world)}/releases/{item.id}",
        "html_url": f"{render.repo_web(call.world)}/releases/tag/{item.tag}",
    }


@routes.on("GET", "releases")
def list_releases(call: Call) -> Reply:
    """The releases, newest first; drafts only for those who may write."""
    found = [item for item in call.world.releases if call.caller.admin or not item.draft]
    found.sort(key=lambda item: item.created_at, reverse=True)
    return call.listed(found, lambda item: _release(call, item))


@routes.on("GET", "releases/latest")
def latest_release(call: Call) -> Reply:
    """The newest release that is neither draft nor prerelease."""
    found = [item for item in call.world.releases if not item.draft and not item.prerelease]
    if not found:
        raise not_found()
    return answer(_release(call, max(found, key=lambda item: item.created_at)))


@routes.on("GET", "tags")
def list_tags(call: Call) -> Reply:
    """The tags: names and commits, no dates."""
    tags = sorted(call.world.graph.tags.items(), reverse=True)
    return call.listed(tags, lambda item: {"name": item[0], "commit": _branch_commit(call, item[1])})
