"""Cache events from job logs: one pass over the bytes, for every tool that messages.toml knows.

The reader with its patterns is only imported when it is used: the dashboard shows states without reading a log.
"""

from typing import TYPE_CHECKING, Any

from cidash.analysis.cachelog.states import NamedCache, states, states_of

if TYPE_CHECKING:
    from cidash.analysis.cachelog.reader import Completeness, EventReader, LogReading, read_events

__all__ = ["Completeness", "EventReader", "LogReading", "NamedCache", "read_events", "states", "states_of"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cidash.analysis.cachelog import reader

    return getattr(reader, name)
