"""A comparison as one sentence that can be pasted into a ticket, and its numbers as short text."""

from collections.abc import Sequence

from cidash.domain.comparison import Confounder, Contrast, Outcome
from cidash.domain.format import MINUS, seconds_text

PLUS = "+"


def sentence_of(subject: str, names: tuple[str, str], whole: Contrast, confounders: Sequence[Confounder] = ()) -> str:
    """Returns the verdict with interval, p and n; what is not proven is said to be so, with what would prove it."""
    base, head = names
    n = f"n = {whole.base.n} + {whole.head.n}"
    if whole.ratio is None or whole.shift_seconds is None:
        missing = " and ".join(name for name, side in ((base, whole.base), (head, whole.head)) if side.n == 0)
        return f"{subject}: no comparable run of {missing} is kept, so {head} and {base} can't be compared ({n})."
    numbers = f"{change_text(whole)}, {shift_text(whole)}, {p_text(whole.p_value)}, {n}"
    if whole.verdict is not Outcome.NO_PROOF:
        word = "faster" if whole.verdict is Outcome.BETTER else "slower"
        sentence = f"{subject}: {head} is {word} than {base}: {numbers}."
    else:
        sentence = f"{subject}: no proof that {head} and {base} differ: {numbers}{_why_not(whole, names, confounders)}."
    told = [one.sentence for one in confounders]
    return " ".join([sentence, *(["Besides the code:", *told] if told else [])])


def change_text(one: Contrast) -> str:
    """Returns the ratio as a change in percent with its interval: `−46 % (−58 … −31)`."""
    if one.ratio is None:
        return "unknown"
    interval = one.ratio_interval
    ends = "" if interval is None else f" ({_percent(interval[0])} … {_percent(interval[1])})"
    return f"{_percent(one.ratio)} %{ends}"


def shift_text(one: Contrast) -> str:
    """Returns the shift with its interval: `−1m37s (−2m05s … −58s)`."""
    if one.shift_seconds is None:
        return "unknown"
    interval = one.shift_interval_seconds
    ends = "" if interval is None else f" ({signed(interval[0])} … {signed(interval[1])})"
    return f"{signed(one.shift_seconds)}{ends}"


def signed(seconds: float) -> str:
    """Returns a shift with its sign: `+12s`, `−1m37s`, `0s`."""
    text = seconds_text(seconds)
    return f"{PLUS}{text}" if seconds > 0 and text != "0s" else text


def p_text(p_value: float | None) -> str:
    """Returns a p value with the digits that mean something: `p = 0.024`, `p < 0.001`."""
    if p_value is None:
        return "p unknown"
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.3f}" if p_value < 0.1 else f"p = {p_value:.2f}"


def detectable_text(one: Contrast) -> str | None:
    """Returns from which change on one would have been seen, or None when that is not known."""
    if one.minimum_detectable_ratio is None:
        return None
    if one.minimum_detectable_ratio <= 0.01:
        return "at this noise no change could be seen"
    return f"at this noise changes of {round((1 - one.minimum_detectable_ratio) * 100)} % or more can be seen"


def more_text(one: Contrast, names: tuple[str, str]) -> str | None:
    """Returns how many more runs a verdict wants, or None when there are enough."""
    parts = [
        f"{count} more {'run' if count == 1 else 'runs'} of {name}"
        for count, name in ((one.more_base, names[0]), (one.more_head, names[1]))
        if count
    ]
    return f"{' and '.join(parts)} for a verdict" if parts else None


def _why_not(one: Contrast, names: tuple[str, str], confounders: Sequence[Confounder]) -> str:
    if any(confounder.blocks for confounder in confounders):
        return "; the sides may not be judged against each other"
    if (more := more_text(one, names)) is not None:
        return "; " + "; ".join(part for part in (one.fact, more) if part)
    detectable = detectable_text(one)
    return f"; {detectable}" if detectable else ""


def _percent(ratio: float) -> str:
    whole = round((ratio - 1) * 100)
    return f"{PLUS}{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole < 0 else "0"
