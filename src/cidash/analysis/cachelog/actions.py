"""Family `actions`: what the steps that use @actions/cache say of their restores and saves.

A restore says several things and only the last of them decides ("Cache hit for" may be followed by "Failed to
restore" and "Cache not found"), and whether a match was exact may be known only from the step's post part. So notes
are kept per step and become events when the job's log has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from cidash.analysis.cachelog.line import Line
from cidash.analysis.cachelog.messages import Heard
from cidash.analysis.cachelog.step import Step
from cidash.domain.cache import CacheEvent
from cidash.domain.text import clean

FAMILY = "actions"
_OF_RESTORES = frozenset(
    [
        "unpacked",
        "lookup-hit",
        "lookup-partial",
        "requested",
        "restored",
        "restored-exact",
        "restored-requested",
        "found",
        "missed",
        "missed-saving",
        "restore-failed",
        "restore-skipped",
    ]
)
_OF_SAVES = frozenset(
    ["saved", "saving", "missed-saving", "exact", "save-skipped", "conflict", "denied", "save-failed"]
)
_KEY_LIMIT = 512
_MOST = 60
_SUREST_FIRST = ("denied", "conflict", "failed", "saved", "skipped")
# Releases of the toolkit that print the requested key even when another one matched went into these.
_TRUTHFUL = {"gradle": ("v5", "v6", "v7"), "mise": ("v4", "v5")}


def same_key(one: str, other: str) -> bool:
    """Returns whether two keys are the same to the cache service, which ignores case."""
    return one.casefold() == other.casefold()


@dataclass(slots=True)
class Restore:
    """One restore of a step, as far as it has been told."""

    line: int
    requested: str | None = None
    looked_up: str | None = None
    """The key of "Cache hit for": the one that matched, or (toolkit 4.0.0 to 4.0.3) the requested one."""
    looked_up_partial: bool = False
    matched: str | None = None
    exact: bool | None = None
    size: int | None = None
    began: float | None = None
    ended: float | None = None
    seconds: float | None = None
    unpacked: bool = False
    restored: bool = False
    missed: bool = False
    failed: bool = False
    skipped: bool = False

    @property
    def concluded(self) -> bool:
        """Whether the tool has said how it went."""
        return self.restored or self.missed


@dataclass(slots=True)
class Save:
    """One save of a step, as far as it has been told."""

    line: int
    began: float | None = None
    ended: float | None = None
    seconds: float | None = None
    key: str | None = None
    size: int | None = None
    outcomes: set[str] = field(default_factory=set)
    begun: bool = False
    """The tool said that it saves, and says nothing more when that went well."""
    exact: bool = False

    def outcome(self, ended: bool) -> str | None:
        """Returns what became of it; None when that cannot be told. `ended`: the log goes on after the save."""
        for name in _SUREST_FIRST:
            if name in self.outcomes:
                return name
        return "saved" if self.begun and ended else None


@dataclass(slots=True)
class CacheStep:
    """A step that uses the cache, with its restores and saves."""

    step: Step
    tool: str
    header_line: int | None = None
    restores: list[Restore] = field(default_factory=list)
    saves: list[Save] = field(default_factory=list)
    lookups: dict[str, tuple[bool, float | None]] = field(default_factory=dict)
    posted: bool = False
    ended: bool = False
    post_title: str | None = None
    new_toolkit: bool = False

    @property
    def requested(self) -> str | None:
        """The key that the step asked for, where the log tells it."""
        if self.tool in {"actions/cache", "pre-commit"}:
            return self.step.inputs.get("key") or None
        return None

    def knows(self, key: str) -> bool | None:
        """Returns whether `key` is one of this step's; None if the step has not told its keys."""
        keys = [self.requested, *self.lookups]
        for restore in self.restores:
            keys += [restore.requested, restore.matched]
        told = [known for known in keys if known]
        return any(same_key(known, key) for known in told) if told else None

    def hear(self, heard: Heard, line: Line, post: bool, post_began: float | None) -> None:
        """Takes a message of this step. `post`: it comes from the step's post part."""
        means = heard.means
        key = _short(heard.groups.get("key"))
        if means in {"size", "sent"}:
            self._note_size(heard, post, line)
        elif means in _OF_RESTORES and not post:
            self._note_restore(means, key, heard, line)
        if means in _OF_SAVES:
            self._note_save(means, key, heard, line, post_began if post else None)

    def _note_size(self, heard: Heard, post: bool, line: Line) -> None:
        size = heard.number("bytes")
        saves = post or heard.means == "sent" or self.step.action == "actions/cache/save"
        if saves and self.tool != "gradle":
            self._save(line, None, None).size = size
        elif not saves and (self.tool != "gradle" or len(self.lookups) == 1):
            self._open(line).size = size

    def _open(self, line: Line) -> Restore:
        if self.restores and (not self.restores[-1].concluded or len(self.restores) >= _MOST):
            return self.restores[-1]
        restore = Restore(line.number, requested=self.requested, began=self.step.began)
        self.restores.append(restore)
        return restore

    def _note_restore(self, means: str, key: str | None, heard: Heard, line: Line) -> None:
        if means.startswith("lookup"):
            self._note_lookup(key or "", means == "lookup-partial", line)
            return
        if means == "missed" and self.tool == "gradle" and self.restores and self.restores[-1].failed:
            return
        restore = self._open(line)
        if means == "requested" and (restore.failed or restore.unpacked):
            restore = Restore(line.number)
            self.restores.append(restore)
        if means == "unpacked":
            restore.unpacked, restore.ended = True, line.time
            return
        restore.line = line.number
        match means:
            case "requested":
                restore.requested, restore.began = key, line.time
            case "restored" | "found" | "restored-exact" | "restored-requested":
                self._note_restored(restore, means, heard, line)
            case "missed" | "missed-saving":
                restore.missed, restore.ended = True, line.time
                keys = heard.groups.get("keys") or key
                if keys and restore.requested is None:
                    restore.requested = _short(keys.split(", ")[0])
            case "restore-failed":
                restore.failed, restore.ended = True, line.time
                if self.tool == "gradle" and key:
                    restore.requested, restore.missed = key, True
            case "restore-skipped":
                restore.skipped = True

    def _note_restored(self, restore: Restore, means: str, heard: Heard, line: Line) -> None:
        key = _short(heard.groups.get("key"))
        restore.restored = True
        if means == "restored-requested":
            restore.requested = key
            restore.seconds = (heard.number("ms") or 0) / 1000
            self._match_lookup(restore, key or "")
            return
        restore.matched = key
        restore.ended = restore.ended or line.time
        if means == "restored-exact" or heard.groups.get("exact"):
            restore.exact = heard.groups.get("exact", "true") != "false"

    def _note_lookup(self, key: str, partial: bool, line: Line) -> None:
        self.new_toolkit = self.new_toolkit or partial
        if self.tool == "gradle":
            if len(self.lookups) < _MOST:
                self.lookups[key] = (partial, line.time)
            return
        restore = self._open(line)
        if restore.unpacked or restore.failed:
            restore = Restore(line.number, requested=self.requested)
            self.restores.append(restore)
        restore.line, restore.began = line.number, line.time
        restore.looked_up, restore.looked_up_partial = key, partial

    def _match_lookup(self, restore: Restore, key: str) -> None:
        """Gradle prints the key it asked for; the lookups say which one matched."""
        if key in self.lookups:
            partial, restore.began = self.lookups.pop(key)
            restore.matched = key
            if partial:
                restore.exact = False
            elif "home" not in key or self._truthful():
                restore.exact = True
            return
        partials = [known for known, (partial, _) in self.lookups.items() if partial]
        if partials:
            common = max(partials, key=lambda known: _shared(known, key))
            self.lookups.pop(common)
            restore.matched, restore.exact = common, False

    def _truthful(self) -> bool:
        return self.new_toolkit or self.step.ref.startswith(_TRUTHFUL.get(self.tool, ()))

    def _note_save(self, means: str, key: str | None, heard: Heard, line: Line, began: float | None) -> None:
        save = self._save(line, key, began)
        save.line, save.ended = line.number, line.time
        save.key = save.key or key
        match means:
            case "exact":
                save.exact = True
                save.outcomes.add("skipped")
            case "save-skipped":
                save.outcomes.add("skipped")
            case "save-failed":
                save.outcomes.add("failed")
            case "saving" | "missed-saving":
                save.begun = True
                save.began = line.time
            case _:
                save.outcomes.add(means)
        if (milliseconds := heard.number("ms")) is not None:
            save.seconds = milliseconds / 1000

    def _save(self, line: Line, key: str | None, began: float | None) -> Save:
        if self.saves:
            last = self.saves[-1]
            if key is None or last.key is None or same_key(key, last.key) or len(self.saves) >= _MOST:
                return last
        save = Save(line.number, began=began if began is not None else self.step.began)
        self.saves.append(save)
        return save

    def settle(self) -> None:
        """Lets the saves say what the restores could not: whether the key that matched was the requested one."""
        for restore in self.restores:
            for save in self.saves:
                self._prove(restore, save)

    def _prove(self, restore: Restore, save: Save) -> None:
        ours = save.key is None or restore.matched is None or len(self.restores) == 1
        matched = restore.matched
        if save.exact and (ours or same_key(save.key or "", matched or "")) and restore.exact is None:
            restore.exact = matched is None or save.key is None or same_key(save.key, matched)
        elif not save.exact and save.key and (save.outcomes - {"skipped"} or save.begun):
            if restore.requested is not None and self.tool == "gradle":
                if same_key(save.key, restore.requested):
                    restore.exact = False
            elif restore.exact is None and ours and matched and not same_key(save.key, matched):
                restore.exact = False
        elif save.begun and restore.exact is None and len(self.restores) == 1:
            restore.exact = False

    def outcome(self, restore: Restore) -> str:
        """Returns what became of a restore."""
        if restore.failed and not restore.restored:
            return "failed"
        if restore.missed:
            return "unknown" if restore.skipped else "miss"
        if restore.restored or restore.unpacked:
            return self._match(restore)
        if self.tool == "setup-ruby" and restore.requested and restore.looked_up is None and self.ended:
            return "miss"
        return "unknown"

    def _match(self, restore: Restore) -> Literal["hit", "partial", "hit-or-partial"]:
        exact = restore.exact
        if exact is None and restore.requested and restore.matched and self.tool != "gradle":
            exact = same_key(restore.requested, restore.matched)
        if exact is None and restore.looked_up_partial:
            exact = False
        if exact is None and restore.looked_up and restore.matched:
            exact = same_key(restore.looked_up, restore.matched)
        if exact is None and restore.looked_up and self._truthful():
            exact = True
        if exact is None:
            return "hit-or-partial"
        return "hit" if exact else "partial"

    def events(self, cache: str, title: str | None, post_title: str | None) -> Iterator[CacheEvent]:
        """Yields the step's events, once the whole job has been read."""
        self.settle()
        for restore in self.restores:
            yield self._restored(restore, cache, title)
        if (
            not self.restores
            and self.header_line is not None
            and self.step.action
            in {
                "actions/cache",
                "actions/cache/restore",
            }
            and not self.saves
        ):
            yield CacheEvent(
                self.tool, FAMILY, "restore", "unknown", title, cache, key=_key(self.requested), line=self.header_line
            )
        for save in self.saves:
            if outcome := save.outcome(self.posted or self.ended):
                yield CacheEvent(
                    self.tool,
                    FAMILY,
                    "save",
                    outcome,
                    post_title,
                    cache,
                    key=_key(save.key or (self.requested if outcome != "skipped" or save.exact else None)),
                    restored_key=_key(save.key) if save.exact else None,
                    size_bytes=save.size,
                    duration_seconds=save.seconds if save.seconds is not None else _span(save.began, save.ended),
                    line=save.line,
                )

    def _restored(self, restore: Restore, cache: str, title: str | None) -> CacheEvent:
        outcome = self.outcome(restore)
        matched = restore.matched
        if matched is None and outcome == "partial" and restore.looked_up_partial:
            matched = restore.looked_up
        requested = restore.requested
        if requested is None and outcome == "hit":
            requested = matched or restore.looked_up
        return CacheEvent(
            self.tool,
            FAMILY,
            "restore",
            outcome,
            title,
            cache,
            key=_key(requested),
            restored_key=_key(matched if matched is not None else restore.looked_up)
            if outcome in {"hit", "partial", "hit-or-partial"}
            else None,
            size_bytes=restore.size,
            duration_seconds=restore.seconds if restore.seconds is not None else _span(restore.began, restore.ended),
            line=restore.line,
        )


def _shared(one: str, other: str) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _span(began: float | None, ended: float | None) -> float | None:
    if began is None or ended is None:
        return None
    return round(max(0.0, ended - began), 3)


def _short(key: str | None) -> str | None:
    return key[:_KEY_LIMIT] if key else key


def _key(key: str | None) -> str | None:
    return clean(key, _KEY_LIMIT) or None
