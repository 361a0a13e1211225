"""A daemon thread for the blocking packages (PyGithub, jira).

Textual and asyncio wait for executor threads when the program quits; a daemon thread lets the terminal come back at
once even while a write is stuck. One call at a time per worker: neither package promises to be safe between threads.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs blocking calls one after the other in a daemon thread that starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.AbstractEventLoop, asyncio.Future[Any]]]
        self._calls = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def call(self, function: Callable[[], T]) -> T:
        """Returns what the function returns, or raises what it raises.

        A cancelled caller stops waiting; the call itself runs to its end in the thread.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((function, loop, future))
        return await future

    def _run(self) -> None:
        while True:
            function, loop, future = self._calls.get()
            if future.cancelled():
                continue
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - it is handed to the caller, who decides
                self._answer(loop, future, None, error)
            else:
                self._answer(loop, future, result, None)

    @staticmethod
    def _answer(
        loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", result: object, error: BaseException | None
    ) -> None:
        def deliver() -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting any more
            loop.call_soon_threadsafe(deliver)
