"""What the six views have in common: header, problem line, footer, and how they are fed and switched."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from cidash.domain.snapshot import Snapshot
from cidash.tui import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from cidash.tui.app import CidashApp


class View(Screen[None]):
    """One of the six. It only draws: the app feeds it the newest snapshot while it is the one that is seen."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("view")

    app: "CidashApp"

    def show(self, snapshot: Snapshot) -> None:
        """Shows a snapshot; selection, focus and cursors stay where they are."""
        raise NotImplementedError

    def tick(self) -> None:
        """Called once a second while the view is seen."""

    def on_screen_resume(self) -> None:
        """Catches up with what happened while another view was seen."""
        if self.is_mounted:
            self.show(self.app.engine.snapshot)


@dataclass(frozen=True, slots=True)
class ViewDef:
    """A view and the number key that shows it; its module is imported when it is first shown."""

    number: int
    mode: str
    make: "Callable[[CidashApp], View]"


def _watch(app: "CidashApp") -> View:
    from cidash.tui.watch.screen import WatchScreen

    return WatchScreen(app.engine.snapshot, app.first_repository)


def _caches(app: "CidashApp") -> View:
    from cidash.tui.caches.screen import CachesScreen

    return CachesScreen(app.engine.snapshot, app.first_repository)


def _epic(app: "CidashApp") -> View:
    from cidash.tui.epic.screen import EpicScreen

    return EpicScreen(app.engine.snapshot)


VIEWS: tuple[ViewDef, ...] = (
    ViewDef(1, "watch", _watch),
    ViewDef(3, "caches", _caches),
    ViewDef(6, "epic", _epic),
)
"""In the order of their keys. The key table holds a `view.N` action for each."""
