"""A comparison as JSON."""

from cidash.cli.encode import Json, moment
from cidash.domain.comparison import ComparedRun, Comparison, Conditions, Contrast, Sample, Side


def comparison(one: Comparison) -> Json:
    """Returns the comparison: the measure that was asked for first, then its jobs and steps in the same form."""
    asked = one.question
    return {
        **contrast(one.whole),
        "by": asked.by.value,
        "workflow_name": one.workflow_name,
        "workflow_path": one.workflow_path,
        "base": {**_sample(one.whole.base), **_side(one.base)},
        "head": {**_sample(one.whole.head), **_side(one.head)},
        "confounders": [
            {"kind": each.kind, "sentence": each.sentence, "known": each.known, "blocks": each.blocks}
            for each in one.confounders
        ],
        "sentence": one.sentence,
        "jobs": [contrast(each) for each in one.jobs],
        "steps": [contrast(each) for each in one.steps],
        "only_base_jobs": list(one.only_base),
        "only_head_jobs": list(one.only_head),
        "short_steps": one.short_steps,
    }


def contrast(one: Contrast) -> Json:
    """Returns one measure on both sides; ratios and shifts are of head to base."""
    return {
        "measure": one.measure,
        "job": one.job,
        "step": one.step,
        "base": _sample(one.base),
        "head": _sample(one.head),
        "ratio": _rounded(one.ratio),
        "ratio_interval": _pair(one.ratio_interval),
        "shift_seconds": _rounded(one.shift_seconds),
        "shift_interval_seconds": _pair(one.shift_interval_seconds),
        "p_value": None if one.p_value is None else float(f"{one.p_value:.4g}"),
        "chance_faster": _rounded(one.chance_faster),
        "verdict": one.verdict.value,
        "minimum_detectable_ratio": _rounded(one.minimum_detectable_ratio),
        "more_runs": {"base": one.more_base, "head": one.more_head},
        "fact": one.fact,
    }


def _sample(one: Sample) -> Json:
    return {
        "n": one.n,
        "median_seconds": _rounded(one.median_seconds),
        "interval_seconds": _pair(one.interval_seconds),
    }


def _side(one: Side) -> Json:
    return {
        "label": one.label,
        "conditions": None if one.conditions is None else _conditions(one.conditions),
        "runs": [_run(each) for each in one.runs],
        "left_out": [{"reason": reason, "count": count} for reason, count in one.left_out],
    }


def _conditions(one: Conditions) -> Json:
    return {
        "event": one.event,
        "workflow_blob": one.workflow_blob,
        "jobs": list(one.jobs),
        "labels": list(one.labels),
        "cache": one.cache.value,
    }


def _run(one: ComparedRun) -> Json:
    return {
        "run_id": one.run_id,
        "attempt": one.attempt,
        "number": one.number,
        "branch": one.branch,
        "head_sha": one.head_sha,
        "started_at": moment(one.started_at),
        "duration_seconds": _rounded(one.seconds),
        "url": one.url,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _pair(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else [round(value, 4) for value in pair]
