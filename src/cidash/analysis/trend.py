"""The run strip: bars, levels between change points, outliers, and the commit and pull request behind each change."""

import re
from collections.abc import Sequence
from dataclasses import replace

from cidash.analysis.comparability import event_class, is_clean, newest_first
from cidash.analysis.duration import attempt_seconds, executed_jobs
from cidash.analysis.median import median
from cidash.analysis.statistics.intervals import median_interval, outliers
from cidash.analysis.statistics.trend import ChangePoint, change_points, drift, segments
from cidash.domain.ci import Attempt
from cidash.domain.trend import Bar, Level, LevelChange, Trend

SHOWN = 60

_PULL = re.compile(r"\(#(?P<squash>[1-9][0-9]{0,8})\)\s*$|^Merge pull request #(?P<merge>[1-9][0-9]{0,8})\b")


def trend(attempts: Sequence[Attempt], limit: int = SHOWN) -> Trend:
    """Returns the trend of the newest `limit` runs among attempts of one workflow (and branch, if so chosen).

    All runs are bars. Only successful first attempts of the commonest event class on the commonest runners count for
    levels and changes.
    """
    newest: dict[int, Attempt] = {}
    for attempt in newest_first(attempts):
        known = newest.get(attempt.run.id)
        if known is None or attempt.run.attempt > known.run.attempt:
            newest[attempt.run.id] = attempt
    shown = newest_first(newest.values())[:limit][::-1]
    bars = [_bar(attempt) for attempt in shown]
    counted = _counted(shown, bars)
    seconds = [value for place in counted if (value := bars[place].seconds) is not None]
    points = change_points(seconds)
    levels = []
    for number, (start, end) in enumerate(segments(len(seconds), points) if seconds else ()):
        values = seconds[start:end]
        last = counted[end] if end < len(counted) else len(bars)
        levels.append(Level(counted[start], last, len(values), median(values), median_interval(values)))
        marked = outliers(values)
        for offset, place in enumerate(counted[start:end]):
            bars[place] = replace(bars[place], segment=number, outlier=offset in marked)
    slope = drift(seconds) if not points else None
    sure = slope is not None and (slope[1][0] > 0 or slope[1][1] < 0)
    return Trend(
        bars=tuple(bars),
        levels=tuple(levels),
        changes=tuple(_change(point, counted, shown) for point in points),
        file_changes=_file_changes(shown),
        drift_per_run=slope[0] if slope is not None and sure else None,
        drift_interval=slope[1] if slope is not None and sure else None,
        n=len(seconds),
    )


def pull_of_title(title: str) -> int | None:
    """Returns the pull request that a commit's title names as its own: `... (#43)` or `Merge pull request #43 ...`."""
    match = _PULL.search(title)
    return None if match is None else int(match["squash"] or match["merge"])


def _bar(attempt: Attempt) -> Bar:
    run = attempt.run
    seconds = attempt_seconds(attempt)
    return Bar(run.id, run.attempt, run.number, run.started_at, seconds, run.state, run.head_sha, run.title, run.url)


def _counted(shown: Sequence[Attempt], bars: Sequence[Bar]) -> list[int]:
    """Returns the places of the bars that count."""
    kinds: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for place, attempt in enumerate(shown):
        if is_clean(attempt) and (bars[place].seconds or 0.0) > 0:
            labels = tuple(sorted({label for job in executed_jobs(attempt) for label in job.labels}))
            kinds.setdefault((event_class(attempt.run.event), labels), []).append(place)
    return max(kinds.values(), key=len, default=[])


def _change(point: ChangePoint, counted: Sequence[int], shown: Sequence[Attempt]) -> LevelChange:
    place = counted[point.place]
    run, before = shown[place].run, shown[counted[point.place - 1]].run
    blobs = (before.workflow_blob, run.workflow_blob)
    return LevelChange(
        place=place,
        before_seconds=point.before,
        after_seconds=point.after,
        ratio=point.ratio,
        p_value=point.p_value,
        head_sha=run.head_sha,
        pull=pull_of_title(run.title) or next(iter(run.pull_requests), None),
        title=run.title,
        workflow_file_changed=None if None in blobs else blobs[0] != blobs[1],
    )


def _file_changes(shown: Sequence[Attempt]) -> tuple[int, ...]:
    found = []
    before: str | None = None
    for place, attempt in enumerate(shown):
        blob = attempt.run.workflow_blob
        if blob is not None:
            if before is not None and blob != before:
                found.append(place)
            before = blob
    return tuple(found)
