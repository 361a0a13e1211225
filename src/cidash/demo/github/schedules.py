"""What the schedules start: cron times, GitHub's lateness, days that it drops, and how the runs end."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cidash.demo.github.files import NIGHTLY, SMOKE
from cidash.demo.github.model import CachePlan, Recipe

SCHEDULES = {SMOKE: time(2, 0, tzinfo=UTC), NIGHTLY: time(9, 17, tzinfo=UTC)}
"""Workflow file -> its daily cron time."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One run that a schedule starts."""

    created_at: datetime
    recipe: Recipe


def scheduled_run(seed: int, path: str, day: date) -> Scheduled | None:
    """Returns the run of that day, minutes late as on GitHub; None on a day that was dropped."""
    dice = random.Random(f"{seed}:{path}:{day.isoformat()}")
    if dice.random() < 0.025:
        return None
    late = dice.uniform(2, 14) if dice.random() < 0.8 else dice.uniform(20, 70)
    created_at = datetime.combine(day, SCHEDULES[path]) + timedelta(minutes=late)
    luck = dice.random()
    none = CachePlan("none", docker_total=8)
    if path == SMOKE:
        return Scheduled(created_at, Recipe("smoke", outcome="smoke" if luck < 0.06 else "success", cache=none))
    outcome = "timeout" if luck < 0.03 else "claude" if luck < 0.2 else "success"
    return Scheduled(created_at, Recipe("nightly", outcome=outcome, cache=none))
