"""What carries out one command: whatever the service, it is sent once and then looked after."""

from typing import Protocol


class Write(Protocol):
    """One command on its way."""

    async def send(self) -> None:
        """Sends it once; raises SourceError."""
        ...

    async def look(self) -> str | None:
        """Returns the sentence that says what can be seen, or None as long as nothing can; raises SourceError."""
        ...

    def unseen(self) -> str | None:
        """Returns what to say when nothing was seen although it was accepted; None for the usual sentence."""
        ...
