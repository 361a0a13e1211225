"""What is stored: the use against the quota, groups of entries, and the entries of a group that is unfolded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from cidash.domain.acting import StoredCache
from cidash.domain.cache_ledger import CacheReport, CacheStorage, StorageGroup
from cidash.domain.cache_words import ref_text, refs_text, storage_text, used_bytes
from cidash.domain.format import DASH, age_text, size_text
from cidash.domain.repository import RepositoryId
from cidash.tui import look
from cidash.tui.columns import Piece, assemble, fit, right
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Pane, with_filter

_SIZE, _COUNT, _AGE, _PULL = 8, 5, 6, 9
_REFS_FROM = 76
_BAR_AT_MOST = 24
_NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Identity of a stored entry."""

    repository: RepositoryId
    entry_id: int


@dataclass(frozen=True, slots=True)
class GroupKey:
    """Identity of a group of entries."""

    repository: RepositoryId
    kind: str
    name: str


class StoragePane(Pane):
    """Rows are groups, the largest first; Enter unfolds their entries."""

    def __init__(self) -> None:
        super().__init__(id="storage")
        self._reports: Sequence[CacheReport] = ()
        self._now: datetime | None = None
        self._unfolded: set[GroupKey] = set()

    def show(self, reports: Sequence[CacheReport], now: datetime) -> None:
        """Shows what these repositories store."""
        self._reports, self._now = reports, now
        self.rebuild()

    @property
    def wanted_height(self) -> int:
        """Lines that show the groups folded."""
        return 2 + max(1, sum(len(one.storage.groups) for one in self._reports if one.storage is not None))

    @property
    def entry(self) -> tuple[RepositoryId, StoredCache] | None:
        """The entry under the cursor: its own row, or a group that holds nothing else."""
        row = self.list.cursor_row
        for report in self._reports:
            for group in report.storage.groups if report.storage is not None else ():
                alone = len(group.entries) == 1 and row is not None and row.key == _key_of(report, group)
                for one in group.entries:
                    if alone or (row is not None and row.key == EntryKey(report.repository, one.id)):
                        return report.repository, one
        return None

    def toggle(self) -> None:
        """Unfolds the group under the cursor, or folds it again."""
        row = self.list.cursor_row
        if row is not None and isinstance(row.key, GroupKey):
            self._unfolded ^= {row.key}
            self.rebuild()

    def rebuild(self) -> None:
        """Builds title and rows to the pane's width."""
        width, now = self.row_width, self._now
        if width <= 0 or now is None:
            return
        stored = [one.storage for one in self._reports if one.storage is not None]
        left = with_filter(Content("Storage"), self.list)
        self.title_line.put(left, _gauge(stored, self.size.width - left.cell_length - 8))
        rows: list[Row] = []
        for report in self._reports:
            for group in report.storage.groups if report.storage is not None else ():
                rows += self._group(report, group, now, width)
        failing = [problem.sentence for report in self._reports for problem in report.problems]
        empty = "Nothing is stored." if stored else failing[0] if failing else "Not read yet."
        self.show_rows([_head(width), *rows] if rows else [], Content(empty))

    def _group(self, report: CacheReport, group: StorageGroup, now: datetime, width: int) -> Iterator[Row]:
        key = _key_of(report, group)
        unfolded = key in self._unfolded
        mark = "▼" if unfolded else "→"
        name = group.name if len(self._reports) == 1 else f"{report.repository.name}: {group.name}"
        pull = size_text(group.pull_bytes) if group.pull_bytes else ""
        cells: list[Piece] = [
            (right(size_text(group.size_bytes), _SIZE), look.STRONG),
            (right(f"{group.count}", _COUNT), look.PLAIN),
            (right(pull, _PULL), look.BUSY),
            (right(_age(group.last_accessed_at, now), _AGE), look.MUTED),
            (f" {mark} " if group.count > 1 else "   ", look.FAINT),
        ]
        yield Row(key, _with_name(cells, name, refs_text(group), width), search=f"{name} {refs_text(group)}")
        for one in group.entries if unfolded else ():
            yield _entry_row(report.repository, one, now, width)


def _head(width: int) -> Row:
    cells: list[Piece] = [
        (right("size", _SIZE), look.FAINT),
        (right("n", _COUNT), look.FAINT),
        (right("PR only", _PULL), look.FAINT),
        (right("used", _AGE), look.FAINT),
        "   ",
    ]
    return Row("head", assemble("  ", _with_name(cells, "entries", "refs", width, look.FAINT)), selectable=False)


def _entry_row(repository: RepositoryId, one: StoredCache, now: datetime, width: int) -> Row:
    cells: list[Piece] = [
        (right(size_text(one.size_bytes), _SIZE), look.PLAIN),
        " " * (_COUNT + _PULL),
        (right(_age(one.last_accessed_at, now), _AGE), look.MUTED),
        "     ",
    ]
    content = _with_name(cells, one.key, ref_text(one.ref), width, look.MUTED)
    return Row(EntryKey(repository, one.id), content, search=f"{one.key} {one.ref}")


def _with_name(cells: list[Piece], name: str, refs: str, width: int, style: str = look.PLAIN) -> Content:
    used = sum(len(one if isinstance(one, str) else one[0]) for one in cells if not isinstance(one, Content))
    room = max(4, width - used)
    if width < _REFS_FROM:
        return assemble(*cells, (fit(name, room), style))
    wide = max(16, room * 3 // 5)
    return assemble(*cells, (fit(name, wide - 2), style), "  ", (fit(refs, room - wide), look.MUTED))


def _age(moment: datetime | None, now: datetime) -> str:
    return DASH if moment is None else age_text((now - moment).total_seconds())


def _key_of(report: CacheReport, group: StorageGroup) -> GroupKey:
    return GroupKey(report.repository, group.kind, group.name)


def _gauge(stored: Sequence[CacheStorage], width: int) -> Content:
    """Returns a bar of what is used: what pull requests alone can read is lighter than the rest."""
    if len(stored) != 1 or width < 20:
        return Content("")
    one = stored[0]
    text = storage_text(one)
    if len(text) + 8 > width:
        text = f"{size_text(used_bytes(one))} of {size_text(one.quota_bytes)}, {size_text(one.pull_bytes)} PR only"
    cells = min(_BAR_AT_MOST, width - len(text) - 2)
    if cells < 4 or not one.quota_bytes:
        return Content.styled(text, look.MUTED)
    share = min(1.0, used_bytes(one) / one.quota_bytes)
    full = max(1 if used_bytes(one) else 0, round(share * cells))
    pull = min(full, round(min(1.0, one.pull_bytes / one.quota_bytes) * cells))
    style = look.BAD if share >= _NEARLY_FULL else look.GOOD
    return assemble(
        (look.BAR * (full - pull), style),
        (look.BAR * pull, look.BUSY),
        (look.EXPECTED * (cells - full), look.LINE),
        "  ",
        (text, look.MUTED),
    )
