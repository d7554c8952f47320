"""Home Assistant, the home's own: a service of it that a plan's help asks for, and whether it is there at all.

What is asked goes over its REST interface, one request a service: https://developers.home-assistant.io/docs/api/rest.
Nothing that calls for help waits for it: requests stand in a bounded queue of their own, each on a thread that can be
left behind, and what came of it is an input like any other.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from hub.abc import Services
from hub.aside import aside
from hub.config.settings import HomeAssistantSettings
from hub.errors import ServiceFailed, ServicesRefused, ServicesUnanswered, ServicesUnreachable
from hub.outbox import Outbox, Wish
from rules.inputs import Input, Served

if TYPE_CHECKING:
    import urllib3
    from urllib3.exceptions import HTTPError

    from hub.hub import Hub

log = logging.getLogger("handrail.home_assistant")

FAULT = "home-assistant"
CONNECT_S = 3.0
ANSWER_S = 10.0
LOOK_S = 60.0
LOOKS_MISSED = 3
"""So many looks in a row without an answer are a fault: a Home Assistant that is being restarted is none."""
RETRY_S = 1.0
RETRY_MOST_S = 5.0
LAST_S = 1.0
MOST_WAITING = 100
MOST_LEFT_BEHIND = 8
"""Threads that may still hang on requests nobody waits for any more."""
READ_BYTES = 4_096

_PATIENCE = frozenset({429, 502, 503, 504})


class HomeAssistant:
    """Home Assistant's REST interface, through urllib3; a connection for each request, because there are few.

    The token is read again for each request, so that a mended one needs no restart; no error holds it.
    """

    def __init__(self, *, url: str, token_file: Path, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S) -> None:
        self._url = url.rstrip("/")
        self._token_file = token_file
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._where = re.sub(r"//.*@", "//", self._url)
        self.name = f"Home Assistant at {self._where}"
        self._under_way = 0

    async def call(self, service: str, data: str) -> None:
        """Call a service; returns when Home Assistant did it.

        Raises `ServicesUnreachable` where it was not asked, `ServicesUnanswered` where nobody knows whether it was
        done, `ServicesRefused` where somebody must mend token or address, `ServiceFailed` where it was not done.
        """
        domain, _, name = service.partition(".")
        await self._in_time("POST", f"/api/services/{domain}/{name}", data.encode())

    async def look(self) -> None:
        """Ask whether it is there and takes our token; raises as `call` does."""
        await self._in_time("GET", "/api/", None)

    async def _in_time(self, method: str, path: str, body: bytes | None) -> None:
        if self._under_way >= MOST_LEFT_BEHIND:
            raise ServicesUnreachable(f"{self.name} still hangs on {self._under_way} earlier requests")
        self._under_way += 1
        loop = asyncio.get_running_loop()

        def work() -> None:
            try:
                self._request(method, path, body)
            finally:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(self._ended)

        try:
            # A far end that lets its answer trickle never makes a single read too slow.
            async with asyncio.timeout(self._connect_s + self._answer_s + 1):
                await aside("home-assistant", work)
        except TimeoutError:
            raise ServicesUnanswered(f"{self.name} did not answer in time: {_PERHAPS}") from None

    def _ended(self) -> None:
        self._under_way -= 1

    def _request(self, method: str, path: str, body: bytes | None) -> None:
        import urllib3
        from urllib3.exceptions import HTTPError

        token = self._token()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        patience = urllib3.Timeout(connect=self._connect_s, read=self._answer_s)
        with urllib3.PoolManager() as pool:
            try:
                answer = pool.request(
                    method,
                    self._url + path,
                    body=body,
                    headers=headers,
                    timeout=patience,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                said = b"" if answer.status < 300 else answer.read(READ_BYTES, decode_content=False)
                answer.close()
            except ValueError:
                raise ServicesRefused(f"{self.name} cannot be asked: its url in home.yaml is none") from None
            except (HTTPError, OSError) as error:
                raise self._broken(error) from None
        self._answered(answer, _short(said).replace(token, "…"))

    def _token(self) -> str:
        try:
            token = self._token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ServicesRefused(f"the token of Home Assistant cannot be read: {self._token_file}: {why}") from None
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ServicesRefused(f"{self._token_file} holds no token: it is one word on one line")
        return token

    def _broken(self, error: HTTPError | OSError) -> ServicesUnreachable | ServicesUnanswered | ServicesRefused:
        """A network error in plain words, by whether the request can have reached anybody."""
        from urllib3 import exceptions

        # The first is a sort of the second.
        if isinstance(error, exceptions.NameResolutionError):
            return ServicesUnreachable(f"{self.name} is not there: its name cannot be resolved")
        if isinstance(error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError):
            return ServicesUnreachable(f"{self.name} is not there: nobody listens")
        if isinstance(error, exceptions.SSLError):
            return ServicesRefused(f"{self.name} cannot be trusted: its certificate is not believed")
        if isinstance(error, exceptions.ReadTimeoutError):
            return ServicesUnanswered(f"{self.name} did not answer within {self._answer_s:g} s: {_PERHAPS}")
        return ServicesUnanswered(f"{self.name} broke the connection off: {_PERHAPS}")

    def _answered(self, answer: urllib3.BaseHTTPResponse, said: str) -> None:
        """What an answer that is not a yes means, in plain words."""
        status = answer.status
        if status < 300:
            return
        if status in _PATIENCE:
            raise ServicesUnreachable(f"{self.name} asks for patience: {status}")
        if status in (401, 403):
            raise ServicesRefused(f"{self.name} does not accept the token in {self._token_file}: {status}")
        if status < 400 or status in (404, 405):
            raise ServicesRefused(f"what answers at {self._where} is no Home Assistant, or not its interface: {status}")
        raise ServiceFailed(f"{self.name} did not do it: {status} {said}".rstrip())


_PERHAPS = "it may have been done"


class Asking:
    """Between the outbox and Home Assistant: one request after another, each until its time is over.

    What was not asked is tried again until then and dropped; what may have been done is not asked twice. People are
    told by one fault while it does not answer or does not let us in, whether help is asked for or not.
    """

    def __init__(
        self,
        services: Services | None,
        *,
        outbox: Outbox,
        elapsed_ms: Callable[[], int],
        put: Callable[[Input], None],
        on_fault: Callable[[bool, str], None],
        on_dropped: Callable[[Wish], None],
        ready: asyncio.Event,
        told: bool = False,
        look_s: float = LOOK_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """`on_fault(True, why)` when it goes and `(False, …)` when it is back; `told` says that it went before this
        start. Without `services` every wish fails, and says that no Home Assistant is configured."""
        self._services = services
        self._outbox = outbox
        self._elapsed_ms = elapsed_ms
        self._put = put
        self._on_fault = on_fault
        self._on_dropped = on_dropped
        self._ready = ready
        self._told = told
        self._look_s = look_s
        self._retry_s = retry_s
        self._missed = 0
        self._waiting: deque[Wish] = deque()
        self._woken = asyncio.Event()
        self._stopping = False
        self._busy: asyncio.Task[None] | None = None
        outbox.ask = self.take

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, wish: Wish) -> None:
        """Ask for a service, soon; returns at once."""
        if self._services is None:
            self._came(wish, "no Home Assistant is configured")
        elif len(self._waiting) >= MOST_WAITING:
            self._came(wish, f"{MOST_WAITING} others wait for Home Assistant")
        else:
            self._waiting.append(wish)
            self._woken.set()

    async def run(self) -> None:
        """Ask until it is cancelled."""
        await self._ready.wait()
        if self._services is None:
            if self._told:
                self._is_back("no Home Assistant is configured any more")
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_again_and_again(self._services))
            group.create_task(self._work(self._services))

    async def stop(self) -> None:
        """Begin nothing more, and give what is under way a moment; what is not reported is still in the outbox."""
        self._stopping = True
        if self._busy is not None:
            await asyncio.wait({self._busy}, timeout=LAST_S)
            self._busy.cancel()

    async def _work(self, services: Services) -> None:
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            while self._waiting and not self._stopping:
                wish = self._waiting[0]
                self._busy = asyncio.create_task(self._carry_out(services, wish))
                broken = await self._ended(self._busy)
                if self._busy.cancelled():
                    return
                self._waiting.popleft()
                if broken:
                    self._came(wish, broken)

    async def _ended(self, task: asyncio.Task[None]) -> str:
        """Wait for a task. A bug of ours in it is made loud, told as a fault and said; it must not end the hub."""
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        error = None if task.cancelled() else task.exception()
        if error is None:
            return ""
        task.get_loop().call_exception_handler({"message": "asking broke", "exception": error, "task": task})
        self._went(f"asking Home Assistant broke: {type(error).__name__}")
        return f"broken: {type(error).__name__}"

    async def _carry_out(self, services: Services, wish: Wish) -> None:
        """Ask until somebody answers or it is too late."""
        asked = wish.service or {}
        wait_s, last = self._retry_s, ""
        while (left_s := self._left_s(wish)) > 0:
            try:
                await services.call(str(asked["service"]), str(asked["data"]))
            except ServicesUnreachable as error:
                last = str(error)
                await asyncio.sleep(min(wait_s, left_s))
                wait_s = min(wait_s * 2, RETRY_MOST_S)
            except ServicesUnanswered as error:
                self._came(wish, str(error))
                await self._look(services, sure=True)
                return
            except ServicesRefused as error:
                self._came(wish, str(error))
                self._went(str(error))
                return
            except ServiceFailed as error:
                self._came(wish, str(error))
                self._is_back()
                return
            else:
                self._came(wish)
                self._is_back()
                return
        if last:
            self._went(last)
        self._on_dropped(wish)
        self._outbox.finished(wish)

    def _left_s(self, wish: Wish) -> float:
        return 0.0 if wish.drop_ms is None else (wish.drop_ms - self._elapsed_ms()) / 1000

    def _came(self, wish: Wish, why_not: str = "") -> None:
        """What came of it, to the machine; then its row may leave."""
        asked = wish.service or {}
        episode = asked.get("episode")
        self._put(
            Served(
                service=str(asked["service"]),
                why=wish.why,
                ok=not why_not,
                reason=why_not,
                episode=str(episode) if episode else "",
            )
        )
        self._outbox.finished(wish)

    async def _look_again_and_again(self, services: Services) -> None:
        while not self._stopping:
            await self._ended(asyncio.create_task(self._look(services)))
            await asyncio.sleep(self._look_s)

    async def _look(self, services: Services, *, sure: bool = False) -> None:
        """Whether it is there; `sure` that a request was in vain just now."""
        try:
            await services.look()
        except ServicesRefused as error:
            self._went(str(error))
        except (ServicesUnreachable, ServicesUnanswered, ServiceFailed) as error:
            self._missed += 1
            if sure or self._missed >= LOOKS_MISSED:
                self._went(str(error))
        else:
            self._is_back()

    def _went(self, why: str) -> None:
        if not self._told:
            self._told = True
            log.warning("%s", why)
            self._on_fault(True, why)

    def _is_back(self, why: str = "Home Assistant answers again") -> None:
        self._missed = 0
        if self._told:
            self._told = False
            log.info("%s", why)
            self._on_fault(False, why)


def asking_of(
    hub: Hub,
    outbox: Outbox,
    settings: HomeAssistantSettings | None,
    elapsed_ms: Callable[[], int],
    told: Collection[str],
) -> Asking:
    """The asking of a hub whose `home.yaml` names a Home Assistant or none; `told` are the faults told before."""
    return Asking(
        HomeAssistant(url=settings.url, token_file=settings.token_file) if settings else None,
        outbox=outbox,
        elapsed_ms=elapsed_ms,
        put=hub.put,
        on_fault=lambda on, why: hub.on_fault(FAULT, on, why),
        on_dropped=hub.on_dropped,
        ready=hub.ready,
        told=FAULT in told,
    )


def _short(said: bytes) -> str:
    """What it said, short, on one line."""
    try:
        words = orjson.loads(said)["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        words = said.decode(errors="replace")
    return " ".join(str(words).split())[:200]
