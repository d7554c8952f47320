"""The door of the screens: who may ask, and what every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.dashboards.conftest import FakeHub, Screens

WISH = {"id": "0123456789abcdef", "do": "sign_on", "by": "ana"}


async def test_a_request_of_another_site_is_turned_away(hub: FakeHub, screens: Screens) -> None:
    """Only a page of our own may ask: the origin must be there and be ours."""
    async with httpx.AsyncClient(base_url=screens.url) as client:
        assert (await client.post("/do", json=WISH)).status_code == 403
        assert (await client.post("/do", json=WISH, headers={"origin": "http://evil.example"})).status_code == 403
        assert hub.asked == []
        answer = await client.post("/do", json=WISH, headers={"origin": screens.url})
    assert answer.json() == {"id": WISH["id"], "ok": True, "reason": "done"}


async def test_a_wish_nobody_knows_is_refused_with_the_reason(hub: FakeHub, screens: Screens) -> None:
    """Wrong words, too many of them, or none: never a traceback, and nothing reaches the hub."""
    async with httpx.AsyncClient(base_url=screens.url, headers={"origin": screens.url}) as client:
        for body in (b"", b"{", b'{"id":"x"}', b'{"id":"0123456789","do":"unlock","by":"ana"}'):
            answer = await client.post("/do", content=body)
            assert answer.status_code == 422
            assert answer.json()["reason"]
        assert (await client.post("/do", content=b"x" * 5000)).status_code == 413
    assert hub.asked == []


async def test_no_answer_is_said_so_and_is_no_success(hub: FakeHub, screens: Screens) -> None:
    """The screen gets its 200 only after the hub's answer."""
    hub.deaf = True
    async with httpx.AsyncClient(base_url=screens.url, headers={"origin": screens.url}) as client:
        answer = await client.post("/do", json=WISH)
    assert answer.status_code == 504
    assert not answer.json()["ok"]


async def test_every_answer_carries_the_security_headers(screens: Screens) -> None:
    """Scripts from ourselves alone, no framing, nothing guessed, nothing kept."""
    async with httpx.AsyncClient(base_url=screens.url) as client:
        for path in ("/", "/static/board.js", "/nowhere", "/healthz"):
            headers = (await client.get(path)).headers
            assert "script-src 'self'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        page = await client.get("/")
        assert page.headers["cache-control"] == "no-store"
        assert "https://" not in page.text


async def test_without_a_house_code_no_foreign_host_name_is_believed(screens: Screens) -> None:
    """Another site's name may be pointed at this machine."""
    async with httpx.AsyncClient(base_url=screens.url) as client:
        assert (await client.get("/", headers={"host": "evil.example"})).status_code == 421


async def test_without_the_cookie_nothing_is_told(locked_screens: Screens) -> None:
    """Not the page, not the stream, not the asking; the state of health alone."""
    async with httpx.AsyncClient(base_url=locked_screens.url, headers={"origin": locked_screens.url}) as client:
        assert (await client.get("/")).headers["location"] == "/code"
        assert (await client.get("/live")).status_code == 401
        assert (await client.post("/do", json=WISH)).status_code == 401
        assert "Margaret" not in (await client.get("/code")).text
        assert (await client.get("/healthz")).json()["state"] == "ready"


async def test_guessing_the_code_is_slowed_down(locked_screens: Screens) -> None:
    """The fourth wrong code in a row has to wait."""
    async with httpx.AsyncClient(base_url=locked_screens.url, headers={"origin": locked_screens.url}) as client:
        tried = [(await client.post("/code", json={"code": "000000"})).status_code for _ in range(4)]
    assert tried == [403, 403, 403, 429]


async def test_health_says_when_the_hub_is_lost(screens: Screens) -> None:
    """For whoever watches the screens' process."""
    async with httpx.AsyncClient(base_url=screens.url) as client:
        assert (await client.get("/healthz")).status_code == 200
        screens.live.on_status("lost", "")
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()["state"]) == (503, "lost")
