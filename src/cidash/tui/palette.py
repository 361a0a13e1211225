"""The command palette: every action of the key table, found by name."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cidash.tui import keys

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


class ActionProvider(Provider):
    """Texts are our own and are handed over as Content, never as markup."""

    def _actions(self) -> list[keys.KeyDef]:
        app = cast("CidashApp", self.app)
        return [
            one
            for one in keys.TABLE
            if one.in_palette
            and one.place in {"view", app.current_mode}
            and not (app.read_only and one.id in keys.WRITES)
        ]

    def _run(self, one: keys.KeyDef) -> Callable[[], Awaitable[bool]]:
        action = one.action if one.action.startswith("app.") else f"screen.{one.action}"
        return lambda: self.app.run_action(action)

    def _text(self, one: keys.KeyDef) -> str:
        app = cast("CidashApp", self.app)
        return f"{one.help}  ({', '.join(keys.keys_of(one.id, app.key_overrides))})"

    async def discover(self) -> Hits:
        """Yields every action."""
        for one in self._actions():
            yield DiscoveryHit(Content(self._text(one)), self._run(one), text=self._text(one))

    async def search(self, query: str) -> Hits:
        """Yields the actions whose description matches."""
        matcher = self.matcher(query)
        for one in self._actions():
            score = matcher.match(one.help)
            if score > 0:
                yield Hit(score, Content(self._text(one)), self._run(one), text=self._text(one))
