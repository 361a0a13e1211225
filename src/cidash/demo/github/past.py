"""A past in the making: what happened is queued with its time and then played in order."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cidash.demo.github.files import CI
from cidash.demo.github.model import DEFAULT_BRANCH, OWNER, Pull, Recipe, Review, Run
from cidash.demo.github.world import RunDraft, World

Action = Callable[[datetime], None]


@dataclass(frozen=True, slots=True)
class Push:
    """One push to a pull request's branch, and how its CI went."""

    at: datetime
    message: str
    outcome: str = "success"
    changes: Mapping[str, str] = field(default_factory=dict)
    rerun_after_minutes: float | None = None
    """Set for a flake: the failed jobs were run again then, and passed."""
    rerun_what: str = "failed"
    cancel_after_seconds: float | None = None
    fixed_conclusion: str | None = None
    variant: str | None = None
    persistent: bool = False
    ci: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """A pull request's life."""

    number: int
    title: str
    branch: str
    author: str
    pushes: Sequence[Push]
    body: str = ""
    draft: bool = False
    head_owner: str = OWNER
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    approved_by: str | None = None
    labels: tuple[str, ...] = ()
    merge_outcome: str = "success"


class Past:
    """Collects events and plays them in order on the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.graph = world.graph
        self._events: list[tuple[datetime, int, Action]] = []

    def at(self, when: datetime, action: Action) -> None:
        """Queues something that happens at that moment; it is given the moment."""
        self._events.append((when, len(self._events), action))

    def play(self) -> None:
        """Lets everything happen, in the order of time."""
        for when, _, action in sorted(self._events, key=lambda event: event[:2]):
            action(when)
        self._events.clear()

    @property
    def main(self) -> str:
        """The head of main at this point of the play."""
        return self.graph.branches[DEFAULT_BRANCH]

    def tell(self, story: Story) -> None:
        """Queues the whole life of a pull request."""
        for place, push in enumerate(story.pushes):
            self.at(push.at, lambda when, push=push, first=place == 0: self._push(story, push, when, first=first))  # type: ignore[misc]
        if story.approved_by is not None:
            self.at(story.pushes[-1].at + timedelta(minutes=25), lambda when: self._approve(story, when))
        if story.merged_at is not None:
            self.at(story.merged_at, lambda when: self._merge(story, when))
        elif story.closed_at is not None:
            self.at(story.closed_at, lambda when: self._close(story, when))

    def _push(self, story: Story, push: Push, when: datetime, *, first: bool) -> None:
        world = self.world
        ours = story.head_owner == OWNER
        parent = self.main
        if not first:
            parent = world.pulls[story.number].head_sha
        commit = self.graph.add(push.message, story.author, when - timedelta(seconds=40), (parent,), push.changes)
        if ours:
            self.graph.branches[story.branch] = commit.sha
        else:
            self.graph.forks[story.head_owner, story.branch] = commit.sha
        if first:
            world.pulls[story.number] = Pull(
                number=story.number,
                title=story.title,
                branch=story.branch,
                head_sha=commit.sha,
                author=story.author,
                created_at=when,
                updated_at=when,
                body=story.body,
                draft=story.draft,
                head_owner=story.head_owner,
                base_sha=parent,
                labels=story.labels,
            )
        pull = world.pulls[story.number]
        pull.head_sha, pull.updated_at = commit.sha, when
        if push.ci:
            self._ci(story, push, when, commit.sha)

    def _ci(self, story: Story, push: Push, when: datetime, sha: str) -> Run:
        recipe = self.world.ci_recipe(sha, f"refs/pull/{story.number}/merge", when, push.outcome)
        recipe = replace(recipe, variant=push.variant or recipe.variant, persistent=push.persistent)
        if push.fixed_conclusion not in {None, "action_required"}:
            recipe = Recipe("none")
        reruns: tuple[tuple[datetime, str, str], ...] = ()
        if push.rerun_after_minutes is not None:
            reruns = ((when + timedelta(minutes=push.rerun_after_minutes), push.rerun_what, story.author),)
        return self.world.start_run(
            RunDraft(
                created_at=when + timedelta(seconds=3),
                workflow=CI,
                recipe=recipe,
                event="pull_request",
                branch=story.branch,
                head_sha=sha,
                title=story.title,
                actor=story.author,
                pulls=(story.number,),
                head_owner=story.head_owner,
                cancel_after_seconds=push.cancel_after_seconds,
                fixed_conclusion=push.fixed_conclusion,
                reruns=reruns,
            )
        )

    def _approve(self, story: Story, when: datetime) -> None:
        pull = self.world.pulls[story.number]
        review = Review(9_000_000 + story.number, story.approved_by or OWNER, "APPROVED", "", pull.head_sha, when)
        pull.reviews.append(review)

    def _merge(self, story: Story, when: datetime) -> None:
        pull = self.world.pulls[story.number]
        title = f"{story.title} (#{story.number})"
        self.world.merge(pull, "squash", title, when, OWNER, story.merge_outcome)
        self.graph.branches.pop(story.branch, None)

    def _close(self, story: Story, when: datetime) -> None:
        pull = self.world.pulls[story.number]
        pull.closed_at = pull.updated_at = when

    def direct_push(self, when: datetime, message: str, changes: Mapping[str, str], author: str = OWNER) -> None:
        """Queues a commit that reaches main without a pull request."""

        def push(moment: datetime) -> None:
            commit = self.graph.add(message, author, moment, (self.main,), changes)
            self.world.push_to_main(commit.sha, moment + timedelta(seconds=3), message, author)

        self.at(when, push)


def luck(dice: random.Random) -> tuple[str, dict[str, float | bool]]:
    """Returns the outcome of an ordinary CI run, and what came of it: honest noise."""
    roll = dice.random()
    if roll < 0.76:
        return "success", {}
    if roll < 0.84:
        return "pytest", {"persistent": True}
    if roll < 0.90:
        return "flake", {"rerun_after_minutes": dice.uniform(6, 40)}
    if roll < 0.94:
        return "docker", {}
    if roll < 0.99:
        return "success", {"cancel_after_seconds": dice.uniform(15, 150)}
    return "skipped", {}
