"""`python -m dashboards`: serve the screens of one home, with the settings in `HANDRAIL_DASHBOARDS`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn
from pydantic import ValidationError

from dashboards.app import make_app
from dashboards.asks import Bus
from dashboards.gate import load_key
from dashboards.live import Live
from dashboards.settings import Settings
from hub.ledger.read import Reader

VARIABLE = "HANDRAIL_DASHBOARDS"
STOP_S = 2


class _Server(uvicorn.Server):
    """Uvicorn without its signal handling: stopping begins with ending the streams, which would else hold it up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve until told to stop; a bug in any part ends the whole process, loudly."""
    reader = Reader(settings.ledger)
    live = Live(reader, settings.name)
    bus = Bus(settings, live)
    app = make_app(settings, live, bus, load_key(settings.key_file))
    server = _Server(
        uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=STOP_S)
    )

    def stop() -> None:
        live.close()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    try:
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(live.run()), group.create_task(bus.run())]
            await server.serve(sockets=[listening])
            for task in helpers:
                task.cancel()
    finally:
        reader.close()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def main() -> int:
    """Run; 2 where the settings or the port do not allow it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        settings = Settings.model_validate_json(os.environ.get(VARIABLE, ""))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        print(f"handrail dashboards: {VARIABLE} {where}: {problem['msg']}", file=sys.stderr)
        return 2
    try:
        listening = _listen(settings)
    except OSError as error:
        reason = error.strerror or error
        print(
            f"handrail dashboards: cannot listen on {settings.host}:{settings.port}: {reason}; choose another port",
            file=sys.stderr,
        )
        return 2
    asyncio.run(serve(settings, listening))
    return 0


if __name__ == "__main__":
    sys.exit(main())
