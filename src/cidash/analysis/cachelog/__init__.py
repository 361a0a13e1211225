"""Cache events from job logs: one pass over the bytes, for every tool that messages.toml knows."""

from cidash.analysis.cachelog.reader import Completeness, EventReader, LogReading, read_events
from cidash.analysis.cachelog.states import NamedCache, states, states_of

__all__ = ["Completeness", "EventReader", "LogReading", "NamedCache", "read_events", "states", "states_of"]
