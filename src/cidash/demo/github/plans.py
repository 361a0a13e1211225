"""What the jobs of each workflow do: their steps, how long each takes at pace 1, and where they fail."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from cidash.demo.github.model import JobPlan, Recipe, StepPlan

_ALWAYS = frozenset({"Stop services", "Upload smoke report", "Upload Bandit report", "Upload Safety report",
                     "Upload Trivy results"})  # fmt: skip

FAILURES = {
    "dependency": ("Pytest", "ModuleNotFoundError: No module named 'chromadb'"),
    "pytest": ("Pytest", "FAILED tests/test_orchestrator.py::test_retry_backoff - AssertionError: assert 3 == 2"),
    "flake": (
        "Pytest",
        "FAILED tests/test_streams.py::test_consumer_group - TimeoutError: redis did not answer in 5 s",
    ),
    "docker": (
        "Build + start services",
        "failed to solve: python:3.10-slim: failed to resolve source metadata: dial tcp: i/o timeout",
    ),
    "lint": ("Ruff", "Found 3 errors."),
    "smoke": ("Smoke test", "AssertionError: the mock agent answered after 31.2 s, the limit is 30 s"),
    "claude": ("Real Claude smoke", "anthropic.RateLimitError: Error code: 429 - rate_limit_error"),
    "timeout": ("Real Claude smoke", "The job has exceeded the maximum execution time of 20m0s"),
    "safety": ("Check dependencies", "Safety found 2 vulnerabilities in 1 package: pyyaml"),
    "e2e": ("End to end", "e2e: the worker never acknowledged message 17"),
}
"""Outcome -> the step that fails, the sentence that its log ends with."""


def _steps(
    main: Sequence[tuple[str, float]],
    post: Sequence[tuple[str, float]] = (),
    fail_at: str | None = None,
    fail_share: float = 0.4,
    fail_word: str = "failure",
) -> tuple[StepPlan, ...]:
    """Numbers the steps as the runner does: post steps come late and leave a gap."""
    steps = [StepPlan("Set up job", 2.0, 1)]
    failed = False
    for number, (name, seconds) in enumerate(main, start=2):
        always = name in _ALWAYS
        if failed and not always:
            steps.append(StepPlan(name, 0.0, number, "skipped"))
        elif name == fail_at:
            failed = True
            steps.append(StepPlan(name, seconds * fail_share, number, fail_word))
        else:
            steps.append(StepPlan(name, seconds, number, always=always))
    number = len(main) + len(post) + 3
    for name, seconds in post:
        steps.append(StepPlan(name, seconds, number, post=True))
        number += 1
    steps.append(StepPlan("Complete job", 0.3, number, post=True))
    return tuple(steps)


def _failing(plan: JobPlan, outcome: str, steps: tuple[StepPlan, ...]) -> JobPlan:
    word = "timed_out" if outcome == "timeout" else "failure"
    return replace(plan, steps=steps, conclusion=word, failure=FAILURES[outcome][1])


def _job(
    plan: JobPlan, main: Sequence[tuple[str, float]], post: Sequence[tuple[str, float]], outcome: str = "success"
) -> JobPlan:
    fail_at = FAILURES[outcome][0] if outcome in FAILURES else None
    if fail_at is not None and any(name == fail_at for name, _ in main):
        share = 1.0 if outcome == "timeout" else 0.25 if outcome == "dependency" else 0.6
        word = "cancelled" if outcome == "timeout" else "failure"
        return _failing(plan, outcome, _steps(main, post, fail_at, share, word))
    return replace(plan, steps=_steps(main, post))


def _queue(dice: random.Random) -> float:
    """Mostly a few seconds, now and then much longer, as on hosted runners."""
    return dice.uniform(2, 5) if dice.random() < 0.93 else dice.uniform(8, 40)


def lint_job(dice: random.Random, outcome: str) -> JobPlan:
    """Returns the lint job: ten seconds from its start to its end."""
    main = [("Checkout", 1.0), ("Set up Python", 1.5), ("Install ruff + black", 3.0), ("Ruff", 0.6), ("Black", 0.8)]
    post = [("Post Set up Python", 0.2), ("Post Checkout", 0.1)]
    return _job(JobPlan("lint", "lint", queue_seconds=dice.uniform(2, 4)), main, post, outcome)


def run_test_job(dice: random.Random, recipe: Recipe, name: str = "test") -> JobPlan:
    """Returns the test job; its times follow from what its cache does."""
    cache = recipe.cache
    build, pytest = dice.uniform(128, 168), dice.uniform(44, 56)
    restore = save = 0.0
    if cache.state == "hit":
        build, restore, save = dice.uniform(14, 24), dice.uniform(9, 15), 0.6
    elif cache.state == "partial":
        build, restore, save = dice.uniform(52, 76), dice.uniform(9, 15), dice.uniform(18, 30)
    elif cache.state == "miss":
        build, restore, save = build + dice.uniform(10, 22), 0.7, dice.uniform(20, 38)
    elif cache.state == "broken":
        restore, save = 0.7, 0.5
    main = [("Checkout", 1.6), ("Set up Python", dice.uniform(3, 7)), ("Set up Docker Buildx", dice.uniform(3, 5))]
    post = [("Post Set up Docker Buildx", 0.8), ("Post Set up Python", 0.3), ("Post Checkout", 0.4)]
    if cache.state != "none":
        main.append(("Cache Docker layers", restore))
        post.insert(0, ("Post Cache Docker layers", save))
    main += [("Build + start services", build), ("Pytest", pytest)]
    if cache.state != "none":
        main.append(("Move cache", 0.8))
    main.append(("Stop services", 1.8))
    return _job(JobPlan("test", name, queue_seconds=_queue(dice), cache=cache), main, post, recipe.outcome)


def _ci(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    if recipe.variant == "lint":
        return (lint_job(dice, recipe.outcome), run_test_job(dice, recipe))
    if recipe.variant == "hostile":
        lint = replace(lint_job(dice, recipe.outcome), name="lint [@click=app.quit]x[/]")
        test = run_test_job(dice, recipe, "\x1b[31mtest\x1b[0m [bold]🧪[/bold] \u202eاختبار")
        return (lint, test)
    if recipe.variant == "matrix":
        return _matrix(dice, recipe)
    if recipe.outcome == "skipped":
        return (JobPlan("test", "test", conclusion="skipped"),)
    return (run_test_job(dice, recipe),)


def _matrix(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    checkout, after = ("Run actions/checkout@v4", 1.5), [("Post Run actions/checkout@v4", 0.3)]
    jobs = [
        _job(JobPlan("lint", "lint", queue_seconds=3), [checkout, ("Ruff", 5.0)], after),
        _job(JobPlan("docs", "docs", queue_seconds=3), [checkout, ("Check links", dice.uniform(30, 50))], after),
    ]
    for version in ("3.10", "3.11", "3.12"):
        main = [checkout, ("Set up Python", dice.uniform(3, 8)), ("Pytest", dice.uniform(150, 190))]
        plan = JobPlan(f"test-{version}", f"test ({version})", needs=("lint",), queue_seconds=_queue(dice))
        outcome = recipe.outcome if version == "3.12" else "success"
        jobs.append(_job(plan, main, [("Post Set up Python", 0.4), *after], outcome))
    image = [checkout, ("Build image", dice.uniform(120, 150))]
    jobs.append(_job(JobPlan("build", "build", needs=("lint",), queue_seconds=4, cache=recipe.cache), image, after))
    needs = ("test-3.10", "test-3.11", "test-3.12", "build")
    end_to_end = [checkout, ("End to end", dice.uniform(120, 140))]
    e2e_outcome = recipe.outcome if recipe.outcome == "e2e" else "success"
    jobs.append(_job(JobPlan("e2e", "e2e", needs=needs, queue_seconds=3), end_to_end, after, e2e_outcome))
    jobs.append(_job(JobPlan("report", "report", needs=("e2e",), always=True), [("Summarise", 1.5)], ()))
    return tuple(jobs)


def _smoke(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    main = [("Checkout", 1.5), ("Set up Docker Buildx", 4.0), ("Build + start services", dice.uniform(120, 160)),
            ("Smoke test", dice.uniform(18, 30)), ("Upload smoke report", 1.2)]  # fmt: skip
    post = [("Post Set up Docker Buildx", 0.6), ("Post Checkout", 0.3)]
    plan = JobPlan("smoke", "smoke", queue_seconds=_queue(dice), cache=recipe.cache, artifacts=("smoke-report",))
    return (_job(plan, main, post, recipe.outcome),)


def _nightly(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    answers = 1040.0 if recipe.outcome == "timeout" else dice.uniform(110, 200)
    main = [("Checkout", 1.5), ("Set up Docker Buildx", 4.0), ("Build + start services", dice.uniform(120, 160)),
            ("Real Claude smoke", answers), ("Upload smoke report", 1.2)]  # fmt: skip
    post = [("Post Set up Docker Buildx", 0.6), ("Post Checkout", 0.3)]
    plan = JobPlan("real-claude-smoke", "Real Claude smoke", queue_seconds=_queue(dice), cache=recipe.cache,
                   artifacts=("real-smoke-report",))  # fmt: skip
    return (_job(plan, main, post, recipe.outcome),)


def _security(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    python = [("Checkout", 1.4), ("Set up Python", dice.uniform(2, 5))]
    after = [("Post Set up Python", 0.3), ("Post Checkout", 0.3)]
    bandit = [*python, ("Install Bandit", 5.0), ("Run Bandit", dice.uniform(7, 12)), ("Upload Bandit report", 1.1)]
    safety = [*python, ("Install Safety", 9.0), ("Check dependencies", dice.uniform(9, 15)),
              ("Upload Safety report", 1.1)]  # fmt: skip
    trivy = [("Checkout", 1.4), ("Build Docker image", dice.uniform(110, 140)),
             ("Run Trivy scan", dice.uniform(25, 40)), ("Upload Trivy results", 3.0)]  # fmt: skip
    plans = (
        (JobPlan("bandit", "Python Security (Bandit)", artifacts=("bandit-report",)), bandit, after),
        (JobPlan("safety", "Dependency Vulnerabilities (Safety)", artifacts=("safety-report",)), safety, after),
        (JobPlan("trivy", "Container Security (Trivy)", cache=recipe.cache), trivy, [("Post Checkout", 0.3)]),
    )
    return tuple(
        _job(replace(plan, queue_seconds=_queue(dice)), main, post, recipe.outcome) for plan, main, post in plans
    )


def _exact(plan: JobPlan, seconds: float, work: Sequence[tuple[str, float]]) -> JobPlan:
    """A job that is over `seconds` after the last of its needs (0.4 s to be created, its queue, its steps, 0.5 s).

    The steps of `work` share the time that checkout and the runner's own steps leave, in the given proportions.
    """
    post = [("Post Checkout", 0.3)]
    rest = seconds - (0.4 + plan.queue_seconds + 0.5 + 2.0 + 2.0 + 0.3 + 0.3)
    whole = sum(share for _, share in work)
    main = [("Checkout", 2.0), *((name, rest * share / whole) for name, share in work)]
    return replace(plan, steps=_steps(main, post))


def _bench(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    """Eight jobs that take ten minutes: 60 + 240 + 200 + 98.5 s, and 1.5 s until the run is over."""
    data = [("Install dependencies", 3.0), ("Generate data", 6.0), ("Upload data", 1.0)]
    rounds = [("Set up Python", 0.5), ("Install dependencies", 2.0), ("Download data", 0.3), ("Warm up", 1.5)]
    rounds += [(f"Round {number}", 2.5) for number in (1, 2, 3)]
    rounds += [("Compare with main", 0.4), ("Upload results", 0.3)]
    build = [("Set up Docker Buildx", 1.0), ("Build image", 10.0), ("Smoke the image", 2.0), ("Upload image", 1.5)]
    load = [("Download image", 1.0), ("Start services", 2.0), ("Ramp up", 3.0), ("Load test", 9.0), ("Cool down", 1.0)]
    write = [("Download results", 1.0), ("Write report", 5.0), ("Upload report", 1.0)]
    jobs = [_exact(JobPlan("prepare", "prepare", queue_seconds=4), 59.4, data)]
    for version, seconds in (("3.10", 240.0), ("3.11", 214.0), ("3.12", 201.0), ("3.13", 187.0)):
        plan = JobPlan(f"bench-{version}", f"bench ({version})", needs=("prepare",), queue_seconds=dice.uniform(2, 6))
        jobs.append(_exact(plan, seconds, rounds))
    jobs.append(_exact(JobPlan("image", "image", needs=("prepare",), cache=recipe.cache), 150.0, build))
    before = tuple(job.key for job in jobs[1:])
    jobs.append(_exact(JobPlan("load", "load", needs=before), 200.0, load))
    gate = recipe.environment if recipe.environment == "production" else None
    jobs.append(_exact(JobPlan("report", "report", needs=("load",), environment=gate), 98.5, write))
    return tuple(jobs)


def _dependabot(dice: random.Random, recipe: Recipe) -> tuple[JobPlan, ...]:
    main = [("Run Dependabot", dice.uniform(25, 60))]
    return (_job(JobPlan("Dependabot", "Dependabot", queue_seconds=_queue(dice)), main, (), recipe.outcome),)


def _none(_dice: random.Random, _recipe: Recipe) -> tuple[JobPlan, ...]:
    return ()


_KINDS: dict[str, Callable[[random.Random, Recipe], tuple[JobPlan, ...]]] = {
    "ci": _ci,
    "smoke": _smoke,
    "nightly": _nightly,
    "security": _security,
    "bench": _bench,
    "dependabot": _dependabot,
    "none": _none,
}


def plans_for(recipe: Recipe, dice: random.Random) -> tuple[JobPlan, ...]:
    """Returns the jobs of an attempt made after that recipe, needs before the jobs that need them."""
    return _KINDS[recipe.kind](dice, recipe)


def recipe_for_rerun(recipe: Recipe) -> Recipe:
    """Returns how a re-run goes: what failed by bad luck passes, what is really broken fails again."""
    cache = recipe.cache
    if cache.state in {"miss", "partial"} and recipe.outcome == "success":
        total = cache.docker_total
        cache = replace(cache, state="hit", restored_key=cache.key, docker_cached=total)
    outcome = recipe.outcome if recipe.persistent else "success"
    return replace(recipe, outcome=outcome, cache=cache)
