"""Caches in words: intervals, shifts, minutes, rates and storage, the same on the screen and in plain text."""

from cidash.domain.cache_ledger import Arm, ArmResult, CacheAccount, CacheStorage, StorageGroup
from cidash.domain.format import DASH, percent, seconds_text, size_text

LEAST_FOR_INTERVAL = 6
ARM_WORDS = {
    Arm.NONE: "none",
    Arm.MISS: "miss + save",
    Arm.PARTIAL: "partial",
    Arm.HIT: "hit",
    Arm.BROKEN: "broken",
}


def interval_text(one: ArmResult) -> str:
    """Returns the interval of the median; how many more runs it needs, where it has none."""
    if one.interval_seconds is None:
        return "" if one.n == 0 else f"{LEAST_FOR_INTERVAL - one.n} more for an interval"
    return f"{seconds_text(one.interval_seconds[0])} to {seconds_text(one.interval_seconds[1])}"


def shift_text(one: ArmResult) -> str:
    """Returns how far the arm lies from the runs without the cache; empty without those."""
    if one.shift_seconds is None:
        return ""
    text = signed(one.shift_seconds)
    if one.shift_interval_seconds is not None:
        low, high = one.shift_interval_seconds
        text += f" ({signed(low)} to {signed(high)})"
    return text


def signed(seconds: float) -> str:
    """Returns a difference in seconds with its sign."""
    return ("+" if seconds > 0 else "−" if seconds < 0 else "") + seconds_text(abs(seconds))


def minutes(amount: float) -> str:
    """Returns minutes won (+) or lost (−)."""
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{abs(amount):.1f} min"


def rate_text(account: CacheAccount) -> str:
    """Returns hits, partials and what is in no rate: `hit 9/17 = 53% (31% to 74%) · partial 3/17`."""
    rated = account.hits + account.partials + account.misses
    if account.hit_rate is None or account.hit_rate_interval is None:
        counts = ["hit rate unknown"]
    else:
        low, high = account.hit_rate_interval
        counts = [f"hit {account.hits}/{rated} = {percent(account.hit_rate)} ({percent(low)} to {percent(high)})"]
        counts += [f"partial {account.partials}/{rated}"]
    counts += [f"broken {account.broken}"] if account.broken else []
    counts += [f"unknown {account.unknown}, left out"] if account.unknown else []
    counts += [f"inferred {account.inferred}"] if account.inferred else []
    return " · ".join(counts)


def worth_text(account: CacheAccount) -> str:
    """Returns what the cache won or lost; empty when nothing can be said."""
    worth = []
    if account.net_minutes_per_week is not None:
        worth.append(f"net {minutes(account.net_minutes_per_week)} a week")
    if account.gross_minutes_per_week is not None:
        worth.append(f"gross {minutes(account.gross_minutes_per_week)} a week")
    if account.tax_per_miss_seconds is not None:
        worth.append(f"a miss costs {signed(account.tax_per_miss_seconds)}")
    if account.saved_bytes is not None:
        worth.append(size_text(account.saved_bytes))
    return " · ".join(worth)


def used_bytes(one: CacheStorage) -> int:
    """Returns the larger of what the entries sum up to and what GitHub counts, which lags by minutes."""
    return max(one.usage_bytes or 0, one.size_bytes)


def storage_text(one: CacheStorage) -> str:
    """Returns how much is stored, of how much, and what only pull requests can read."""
    quota = size_text(one.quota_bytes) + ("" if one.quota_is_told else " (the usual quota)")
    share = percent(used_bytes(one) / one.quota_bytes) if one.quota_bytes else DASH
    entries = "1 entry" if one.count == 1 else f"{one.count} entries"
    pull = f"{size_text(one.pull_bytes)} for pull requests only"
    return f"{size_text(used_bytes(one))} of {quota} in {entries} ({share}); {pull}"


def refs_text(one: StorageGroup) -> str:
    """Returns the refs of a group in short."""
    names = [ref_text(ref) for ref in one.refs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def ref_text(ref: str) -> str:
    """Returns a ref without what all of them begin with."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/")
