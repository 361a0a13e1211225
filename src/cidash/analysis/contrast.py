"""Two samples of durations side by side: ratio, shift, exact p value, and one of three outcomes."""

import math
from collections.abc import Sequence
from dataclasses import replace

from cidash.analysis.median import median
from cidash.analysis.statistics.intervals import median_interval
from cidash.analysis.statistics.multiple import holm
from cidash.analysis.statistics.ranks import chance_lower, hodges_lehmann, mann_whitney_p
from cidash.domain.comparison import Contrast, Outcome, Sample

LEVEL = 0.05
LEAST_SHARE = 0.10
LEAST_SECONDS = 15.0
"""A change below 10 % of the base or below 15 s is no verdict, however sure it is."""

_POWER = 1.43
"""(1.96 + 0.84) / 1.96: a change as large as half the interval is seen every second time, this times it 8 of 10."""
_SHORTEST = 0.5
"""Seconds that a time of 0, which is less than one whole second, counts as on the log scale."""


def sample(values: Sequence[float]) -> Sample:
    """Returns the sample of these seconds with its median and exact interval."""
    return Sample(tuple(values), median(values) if values else None, median_interval(values))


def contrast(
    base: Sequence[float],
    head: Sequence[float],
    *,
    measure: str = "run-duration",
    job: str | None = None,
    step: str | None = None,
    names: tuple[str, str] = ("base", "head"),
) -> Contrast:
    """Returns what the two samples of seconds tell; `names` stand in the fact about small ones."""
    base_sample, head_sample = sample(base), sample(head)
    more_base, more_head = lacking(len(base), len(head))
    if not base or not head:
        return Contrast(
            measure, job, step, base_sample, head_sample, None, None, None, None, None, None, Outcome.NO_PROOF, None,
            more_base, more_head,
        )  # fmt: skip
    ratio = hodges_lehmann(_logs(base), _logs(head))
    shift = hodges_lehmann(base, head)
    low_high = ratio.interval
    found = Contrast(
        measure=measure,
        job=job,
        step=step,
        base=base_sample,
        head=head_sample,
        ratio=math.exp(ratio.estimate),
        ratio_interval=None if low_high is None else (math.exp(low_high[0]), math.exp(low_high[1])),
        shift_seconds=shift.estimate,
        shift_interval_seconds=shift.interval,
        p_value=mann_whitney_p(base, head),
        chance_faster=chance_lower(base, head),
        verdict=Outcome.NO_PROOF,
        minimum_detectable_ratio=_detectable(low_high, base_sample),
        more_base=more_base,
        more_head=more_head,
        fact=fact(base, head, names),
    )
    return replace(found, verdict=_verdict(found))


def lacking(base: int, head: int) -> tuple[int, int]:
    """Returns how many runs of base and of head are missing until both have 4, or one 3 and the other 5."""
    wanted = ((4, 4), (5, 3), (3, 5))
    return min(
        ((max(0, least_base - base), max(0, least_head - head)) for least_base, least_head in wanted),
        key=lambda missing: (sum(missing), max(missing)),
    )


def fact(base: Sequence[float], head: Sequence[float], names: tuple[str, str]) -> str | None:
    """Returns how the single values lie to each other, when that is clear-cut or the samples are tiny."""
    base_name, head_name = names
    for word, apart in (("faster", max(head) < min(base)), ("slower", min(head) > max(base))):
        if apart:
            return f"{_all(len(head), head_name)} {word} than {_all(len(base), base_name)}"
    if lacking(len(base), len(head)) == (0, 0):
        return None
    middle = median(base)
    faster = sum(value < middle for value in head)
    return f"{faster} of {len(head)} {head_name} runs faster than the {base_name} median"


def together(contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """Returns contrasts that are shown at once: p values by Holm, verdicts after them, the costliest first.

    Only those that could reach a verdict count as tests.
    """
    tested = [one for one in contrasts if one.p_value is not None and one.more_base + one.more_head == 0]
    rest = [one for one in contrasts if one not in tested]
    adjusted = holm([one.p_value for one in tested if one.p_value is not None])
    judged = [replace(one, p_value=p_value) for one, p_value in zip(tested, adjusted, strict=True)]
    judged = [replace(one, verdict=_verdict(one)) for one in judged]
    return tuple(sorted([*judged, *rest], key=lambda one: -abs(one.shift_seconds or 0.0)))


def _verdict(one: Contrast) -> Outcome:
    if one.p_value is None or one.shift_seconds is None or one.base.median_seconds is None:
        return Outcome.NO_PROOF
    least = max(LEAST_SHARE * one.base.median_seconds, LEAST_SECONDS)
    if one.more_base or one.more_head or one.p_value >= LEVEL or abs(one.shift_seconds) < least:
        return Outcome.NO_PROOF
    return Outcome.BETTER if one.shift_seconds < 0 else Outcome.WORSE


def _detectable(interval: tuple[float, float] | None, base: Sample) -> float | None:
    if interval is None or not base.median_seconds:
        return None
    seen = math.exp(-_POWER * (interval[1] - interval[0]) / 2)
    return max(0.0, min(seen, 1 - LEAST_SHARE, 1 - LEAST_SECONDS / base.median_seconds))


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log(max(value, _SHORTEST)) for value in values]


def _all(n: int, name: str) -> str:
    return f"the one {name} run" if n == 1 else f"all {n} {name} runs"
