"""The target "the second run is faster": how much a hit saves against runs without the cache, with its interval."""

from collections.abc import Mapping, Sequence

from cidash.analysis.comparability import WINDOW, newest_first
from cidash.analysis.contrast import lacking
from cidash.analysis.statistics.ranks import hodges_lehmann
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt
from cidash.domain.format import seconds_text
from cidash.domain.target import Target, TargetResult, Verdict

NONE = (CacheState.UNUSED, CacheState.BROKEN)
"""Without the cache: there was none, or it could never work."""

Measured = Sequence[tuple[Attempt, float]]


def judge_saving(target: Target, measured: Measured, arms: Mapping[tuple[int, int], CacheState]) -> TargetResult:
    """Returns the result for the measure `cache-saving`, whose limit is the least that a hit has to save in seconds.

    MET when the lower end of the interval of (none − hit) reaches the limit, MISSED when the upper end does not. A
    miss also pays for the export, so that (miss − hit) alone proves a miss of the target, never that it is met.
    """
    hit = _times(measured, arms, (CacheState.HIT,))
    none, miss = _times(measured, arms, NONE), _times(measured, arms, (CacheState.MISS,))
    has_baseline = lacking(len(none), len(hit)) == (0, 0) or not miss
    base = none if has_baseline else miss
    word = "runs without the cache" if has_baseline else "misses"
    n = len(hit)
    keys = tuple(key for key, _ in [*hit, *base])
    data = f"{n} hits against {len(base)} {word}, successful first attempts of the last 30 days"
    more_base, more_hit = lacking(len(base), n)
    if not n or not base:
        text = f"{n} hits and {len(base)} {word}: {_more(more_base, more_hit, word)} for a verdict."
        return TargetResult(target, Verdict.UNKNOWN, text, n, more_runs=more_base + more_hit, data=data, runs=keys)
    shift = hodges_lehmann([seconds for _, seconds in hit], [seconds for _, seconds in base])
    value, interval = shift.estimate, shift.interval
    verdict, more = Verdict.NOT_PROVEN, None
    if interval is None or target.limit is None or more_base or more_hit:
        more = more_base + more_hit
        text = f"A hit saves {seconds_text(value)}; {_more(more_base, more_hit, word)} for a verdict."
    else:
        ends = f"{seconds_text(interval[0])} to {seconds_text(interval[1])}"
        opening = f"A hit saves {seconds_text(value)} ({ends}) against {len(base)} {word}"
        wanted = seconds_text(target.limit)
        if interval[1] < target.limit:
            verdict, text = Verdict.MISSED, f"{opening}, less than the wanted {wanted}."
        elif interval[0] < target.limit:
            text = f"{opening}: the wanted {wanted} lies inside the interval."
        elif has_baseline:
            verdict, text = Verdict.MET, f"{opening}, at least the wanted {wanted}."
        else:
            text = f"{opening}: faster than a miss, but there is no baseline without the cache."
    return TargetResult(target, verdict, text, n, value, interval, more_runs=more, data=data, runs=keys)


def _times(measured: Measured, arms: Mapping[tuple[int, int], CacheState], states: Sequence[CacheState]) -> "_Times":
    seconds = {attempt.run.key: time for attempt, time in measured if arms[attempt.run.key] in states}
    ordered = newest_first(attempt for attempt, _ in measured if attempt.run.key in seconds)[:WINDOW]
    return [(attempt.run.key, seconds[attempt.run.key]) for attempt in ordered]


_Times = list[tuple[tuple[int, int], float]]


def _more(base: int, hits: int, word: str) -> str:
    parts = [f"{count} more {name}" for count, name in ((hits, "hits"), (base, word)) if count]
    return " and ".join(parts) or "other data"
