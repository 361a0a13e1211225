"""ASGI applications served on loopback, in one daemon thread with an event loop of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

READY_SECONDS = 20.0
GRACE_SECONDS = 1
"""How long a request in flight may keep the servers from stopping."""
STOP_SECONDS = 5.0
LOOPBACK = "127.0.0.1"


class Loopback:
    """Free ports on 127.0.0.1, bound at once, so that addresses are known before the applications are made."""

    def __init__(self, count: int) -> None:
        self._sockets = [_bound() for _ in range(count)]
        self.urls = tuple(f"http://{LOOPBACK}:{each.getsockname()[1]}" for each in self._sockets)
        self._servers: list[uvicorn.Server] = []
        self._thread: threading.Thread | None = None
        self._settled = threading.Event()
        self._error: BaseException | None = None

    def serve(self, apps: Sequence[Any], dated: Sequence[Any] = ()) -> None:
        """Serve one application on each port; returns when all of them accept requests.

        Args:
            apps: One ASGI application for each port, in the order of `urls`.
            dated: Those of them that write the Date header themselves.

        Raises:
            RuntimeError: A server did not come up; the ports are closed again.
        """
        import uvicorn

        self._servers = [
            uvicorn.Server(
                uvicorn.Config(
                    app,
                    loop="asyncio",
                    http="h11",
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    log_level="critical",  # the terminal belongs to the dashboard
                    access_log=False,
                    server_header=False,
                    date_header=not any(app is each for each in dated),
                    timeout_graceful_shutdown=GRACE_SECONDS,
                )
            )
            for app in apps
        ]
        self._thread = threading.Thread(target=self._run, name="cidash-demo", daemon=True)
        self._thread.start()
        self._settled.wait(READY_SECONDS)
        if self._error is not None or not all(server.started for server in self._servers):
            self.stop()
            raise RuntimeError("The demo's servers did not start.") from self._error

    def stop(self) -> None:
        """Close the ports and end the thread; does nothing the second time."""
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve_all())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits for it
            self._error = error
        finally:
            self._settled.set()

    async def _serve_all(self) -> None:
        tasks = [
            asyncio.create_task(server.serve(sockets=[each]))
            for server, each in zip(self._servers, self._sockets, strict=True)
        ]
        # uvicorn has no event for it.
        while not all(each.started for each in self._servers) and not any(task.done() for task in tasks):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        self._settled.set()
        await asyncio.gather(*tasks)
        for server in self._servers:
            for connection in list(server.server_state.connections):
                # What outlived the grace is cut, so that no socket is left to the garbage collector.
                with contextlib.suppress(AttributeError):
                    connection.transport.abort()
        await asyncio.sleep(0)


def _bound() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, 0))
    return bound
