"""Commits and branches: a small graph that answers what is ahead, behind and merged."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from cidash.demo.github.files import tree_sha
from cidash.demo.github.model import Commit


@lru_cache(maxsize=256)
def _tree(items: tuple[tuple[str, str], ...]) -> str:
    return tree_sha(dict(items))


class CommitGraph:
    """All commits by their sha, and where the branches and tags point."""

    def __init__(self, seed: int) -> None:
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        self.forks: dict[tuple[str, str], str] = {}
        """Heads in other people's repositories, by owner and branch."""
        self.tags: dict[str, str] = {}
        self._seed = seed

    def add(
        self,
        message: str,
        author: str,
        at: datetime,
        parents: tuple[str, ...],
        changes: Mapping[str, str | None] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Commit:
        """Adds a commit: its first parent's files with the changes (None removes), or the given files."""
        base = files if files is not None else self.commits[parents[0]].files if parents else {}
        if changes:
            merged: dict[str, str | None] = {**base, **changes}
            base = {path: text for path, text in merged.items() if text is not None}
        text = f"{self._seed}\0{len(self.commits)}\0{at.isoformat()}\0{message}"
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        commit = Commit(sha, message, author, at, parents, base, _tree(tuple(sorted(base.items()))))
        self.commits[sha] = commit
        return commit

    def resolve(self, ref: str) -> Commit | None:
        """Returns the commit that a branch, a tag, `heads/...`, `refs/...` or a (short) sha names."""
        name = ref.removeprefix("refs/")
        for prefix, table in (("heads/", self.branches), ("tags/", self.tags)):
            if name.startswith(prefix):
                return self.commits.get(table.get(name.removeprefix(prefix), ""))
        sha = self.branches.get(name) or self.tags.get(name) or name
        if sha in self.commits:
            return self.commits[sha]
        if len(sha) >= 7:
            found = [commit for key, commit in self.commits.items() if key.startswith(sha.lower())]
            return found[0] if len(found) == 1 else None
        return None

    def history(self, sha: str) -> list[Commit]:
        """Returns the commit and all its ancestors, newest first."""
        seen: dict[str, Commit] = {}
        todo = [sha]
        while todo:
            commit = self.commits.get(todo.pop())
            if commit is not None and commit.sha not in seen:
                seen[commit.sha] = commit
                todo.extend(commit.parents)
        order = {key: place for place, key in enumerate(self.commits)}
        return sorted(seen.values(), key=lambda commit: (commit.at, order[commit.sha]), reverse=True)

    def ahead(self, base: str, head: str) -> list[Commit]:
        """Returns the commits of `head` that `base` does not have, oldest first."""
        known = {commit.sha for commit in self.history(base)}
        return [commit for commit in reversed(self.history(head)) if commit.sha not in known]

    def merge_base(self, base: str, head: str) -> Commit | None:
        """Returns the newest commit that both have."""
        known = {commit.sha for commit in self.history(base)}
        return next((commit for commit in self.history(head) if commit.sha in known), None)
