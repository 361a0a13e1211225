"""Sixty days before the story: pull requests, pushes, schedules, and everything odd that a history holds."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from cidash.demo.github.files import BENCH, CI, DEPENDABOT, NIGHTLY, main_files
from cidash.demo.github.model import CachePlan, Recipe, Workflow
from cidash.demo.github.past import Past, Push, Story, luck
from cidash.demo.github.schedules import SCHEDULES, scheduled_run
from cidash.demo.github.world import RunDraft, World

DAYS = 60
PEOPLE = ("tefj-fun", "jordan-lee", "sam-okafor")
_TOPICS = (
    "Redis consumer groups per agent", "Retry with exponential backoff", "Ledger table for messages",
    "Health endpoint", "Structured logging", "Prompt templates", "Agent registry", "Timeouts for tool calls",
    "Graceful shutdown", "Paging for /messages", "OpenTelemetry traces", "Prometheus metrics", "Chroma memory store",
    "Sentence embeddings", "Kubernetes job runner", "Rate limits per agent", "Dead letter stream", "Config from env",
    "Mock LLM mode", "Smoke test script", "Real Claude smoke test", "Schema migrations", "Web console: timeline",
    "Web console: filters", "Docs: architecture", "Docs: running locally", "Faster startup", "Async database pool",
    "Message signing", "Audit log", "Cost accounting", "Cancel a running agent", "Python 3.10 typing fixes",
)  # fmt: skip
_DIRECT = ("Fix typo in README", "Bump version", "Tidy compose file", "Update sample config", "Remove dead code",
           "Clarify error message", "Pin redis image", "Docs: fix link")  # fmt: skip


def write_history(past: Past, end: datetime) -> None:
    """Queues sixty days of ordinary work that end at that moment (the story's own hours are kept free)."""
    world = past.world
    begin = end - timedelta(days=DAYS)
    dice = random.Random(f"{world.seed}:history")
    first = past.graph.add("Initial import", PEOPLE[0], begin - timedelta(days=1), (), files=main_files())
    past.graph.branches["main"] = first.sha
    _pulls(past, dice, begin, end - timedelta(hours=30))
    _direct_pushes(past, dice, begin, end - timedelta(hours=30))
    _dependabot(past, dice, begin, end - timedelta(hours=3))
    _oddities(past, begin)


def _working_hour(dice: random.Random, day: datetime) -> datetime:
    return day.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(minutes=dice.uniform(0, 660))


def _pulls(past: Past, dice: random.Random, begin: datetime, end: datetime) -> None:
    numbers = [number for number in range(2, 38) if number not in {5, 17, 29}]
    for place, (number, topic) in enumerate(zip(numbers, _TOPICS, strict=True)):
        share = (place + dice.uniform(0.1, 0.7)) / len(numbers)
        opened = _working_hour(dice, begin + (end - begin - timedelta(days=3)) * share)
        author = dice.choice(PEOPLE)
        key = f"KAN-{4 + place}"
        slug = topic.lower().replace(":", "").replace("/", "").replace(" ", "-")
        pushes = []
        at = opened
        for turn in range(dice.choice((1, 2, 2, 3, 3, 4))):
            outcome, more = luck(dice)
            path = f"src/{slug.replace('-', '_')}.py"
            text = f'"""{topic}, turn {turn + 1}."""\n'
            later = dice.choice(("Review comments", "Fix tests", "Rebase", "Typo"))
            message = later if turn else f"{key}: {topic}"
            pushes.append(Push(at, message, outcome, {path: text}, **more))  # type: ignore[arg-type]
            at += timedelta(minutes=dice.uniform(14, 400))
        last = pushes[-1]
        if last.outcome == "pytest" or last.cancel_after_seconds is not None:
            pushes.append(Push(at, "Fix tests", "success", {"CHANGELOG.md": f"- {topic}\n"}))
            at += timedelta(minutes=dice.uniform(10, 90))
        over = min(at + timedelta(minutes=dice.uniform(15, 600)), end)
        merged = dice.random() < 0.9
        title = f"{key}: {topic}"
        past.tell(
            Story(
                number,
                title,
                f"{key.lower()}-{slug}",
                author,
                [push for push in pushes if push.at < over - timedelta(minutes=8)],
                merged_at=over if merged else None,
                closed_at=None if merged else over,
                approved_by=dice.choice(PEOPLE) if dice.random() < 0.4 else None,
                merge_outcome="flake" if dice.random() < 0.2 and over < end - timedelta(days=5) else "success",
            )
        )


def _direct_pushes(past: Past, dice: random.Random, begin: datetime, end: datetime) -> None:
    for number in range(11):
        when = _working_hour(dice, begin + (end - begin) * dice.uniform(0.02, 0.97))
        past.direct_push(min(when, end), dice.choice(_DIRECT), {"NOTES.md": f"note {number}\n"})


def write_schedules(past: Past, begin: datetime, end: datetime) -> None:
    """Queues the scheduled runs from one moment to another; the last nightly one fails, the last smoke test passes."""
    world = past.world
    for path in SCHEDULES:
        days = [(begin + timedelta(days=day)).date() for day in range((end - begin).days + 2)]
        runs = [found for day in days if (found := scheduled_run(world.seed, path, day)) is not None]
        runs = [found for found in runs if begin < found.created_at <= end]
        for found in runs:
            recipe = found.recipe
            if found is runs[-1]:
                recipe = replace(recipe, outcome="claude" if path == NIGHTLY else "success")

            def begin_run(when: datetime, path: str = path, recipe: Recipe = recipe) -> None:
                world.start_run(world.scheduled_draft(path, when, recipe))

            past.at(found.created_at, begin_run)


def _dependabot(past: Past, dice: random.Random, begin: datetime, end: datetime) -> None:
    world = past.world
    for week in range(DAYS // 7 + 1):
        for package in ("pip in /.", "docker in /."):
            when = begin + timedelta(days=7 * week + 1, minutes=dice.uniform(300, 420))
            if when > end:
                continue
            title = f"{package} - Update #{1_180_000_000 + week * 7919}"
            recipe = Recipe("dependabot")

            def update(moment: datetime, title: str = title, recipe: Recipe = recipe) -> None:
                actor = "dependabot[bot]"
                world.start_run(
                    RunDraft(moment, DEPENDABOT, recipe, "dynamic", "main", past.main, title, actor, name=title)
                )

            past.at(when, update)


def _oddities(past: Past, begin: datetime) -> None:
    """What a client must survive: no jobs, a name that is a path, a word that nobody knows."""
    world = past.world
    odd = Recipe("none")
    plain = Recipe("ci", cache=CachePlan(docker_total=8))

    def make(path: str, event: str, title: str, conclusion: str, recipe: Recipe, name: str | None = None) -> None:
        def begin_run(when: datetime) -> None:
            draft = RunDraft(when, path, recipe, event, "main", past.main, title)
            draft.fixed_conclusion, draft.name = conclusion, name
            world.start_run(draft)

        past.at(begin + timedelta(days=len(title) % 40 + 4, hours=11), begin_run)

    make(CI, "push", "Tidy compose file", "startup_failure", odd)
    make(CI, "push", "Raise the memory limit", "startup_failure", odd)
    make(BENCH, "push", "Add a benchmark workflow", "failure", odd, BENCH)
    make(CI, "push", "Try the merge queue", "quarantined", plain)
    make(CI, "push", "Old run", "stale", plain)


def declare_workflows(world: World, workflows: list[Workflow]) -> None:
    """Makes the workflows known."""
    world.workflows.update({workflow.id: workflow for workflow in workflows})
