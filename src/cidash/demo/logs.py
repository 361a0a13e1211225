"""Job logs as GitHub's runner writes them: one line per message, stamped, groups, colours, every step in its time."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from cidash.demo.job_for_log import JobForLog, StepForLog, step_seconds, timed_steps
from cidash.demo.log_steps import step_messages

__all__ = ["BOM", "JobForLog", "StepForLog", "job_log"]

BOM = b"\xef\xbb\xbf"
"""GitHub opens every log file with it."""
ENDGROUP = "##[endgroup]"


def job_log(job: JobForLog) -> bytes:
    """Write the whole log of a job.

    Args:
        job: A finished job; the same job always gives the same bytes.

    Returns:
        UTF-8 with a byte order mark and newlines. A message of several lines is stamped on its first one only,
        as the real runner does.
    """
    dice = Random(_number(f"{job.name}|{job.started_at.isoformat()}"))
    lines: list[str] = []
    for step in timed_steps(job):
        messages = step_messages(job, step, dice)
        lines.extend(
            f"{_stamp(moment, dice)} {message}"
            for moment, message in zip(_spread(step, messages, dice), messages, strict=True)
        )
    return BOM + "".join(f"{line}\n" for line in lines).encode()


def _spread(step: StepForLog, messages: Sequence[str], dice: Random) -> Sequence[datetime]:
    """Return one rising moment within the step for each message.

    The first block (the command and its inputs) is written at once; what the command says takes the step's time.
    """
    assert step.started_at is not None
    # The API cuts step times to whole seconds, so a step of 0 s still has a moment for its lines.
    width = max(step_seconds(step), 0.4)
    head = messages.index(ENDGROUP) + 1 if messages and messages[0].startswith("##[group]Run ") else 0
    places = sorted(dice.uniform(0.0, 0.02) for _ in range(head))
    rest = sorted(dice.uniform(0.02, 0.98) for _ in range(len(messages) - head))
    if rest:
        rest[-1] = max(rest[-1], 0.97)
    return [step.started_at + timedelta(seconds=width * place) for place in places + rest]


def _stamp(moment: datetime, dice: Random) -> str:
    """Return the runner's time stamp: UTC with seven digits of a second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}{dice.randrange(10)}Z"


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
