"""One event loop for a command, that ends when the command ends."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Returns what the coroutine returns, without waiting for threads that a stuck name look-up may hold."""
    return asyncio.run(_with_own_threads(main))


async def _with_own_threads(main: Coroutine[Any, Any, T]) -> T:
    asyncio.get_running_loop().set_default_executor(_DaemonThreads())
    return await main


class _DaemonThreads(ThreadPoolExecutor):
    """Runs each call in a daemon thread: asyncio and the interpreter would wait for any other before they end."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Starts the call and returns its future."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is handed to the caller, who decides
                future.set_exception(error)
            else:
                future.set_result(result)

        Thread(target=work, name="cidash-blocking-call", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Does nothing: the threads end with the process."""
