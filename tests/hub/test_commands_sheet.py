"""`handrail sheet`: the paper list, printed also where files or ledger are broken."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.hub.core_parts import rig
from tests.hub.program import finished, refused


def test_a_new_home_is_listed_from_its_files(tmp_path: Path) -> None:
    """Before a hub has ever run: everybody who lives here, each place a blind spot until somebody says otherwise."""
    home = tmp_path / "home"
    finished("new", home, "--rooms", "2")
    out, err = finished("sheet", home)
    assert err == ""
    assert out.startswith("Home: paper list\n")
    assert "Resident 002" in out
    assert "Go round the 4 blind spots below" in out
    assert "Carer 1" in out
    text = (home / "home.yaml").read_text()
    text = text.replace(
        "Room 1, kind: bedroom, zone: ground}", 'Room 1, kind: bedroom, zone: ground, call_point: "bell"}'
    )
    (home / "home.yaml").write_text(text)
    out, _ = finished("sheet", home, "--at", "21:30")
    assert "Go round the 3 blind spots below" in out
    assert [line for line in out.splitlines() if line.endswith("bell")] != []


def test_the_page_holds_the_same_and_needs_nothing_beside_it(tmp_path: Path) -> None:
    """One file that any browser prints; what people wrote is text in it and no markup."""
    home = tmp_path / "home"
    finished("new", home, "--rooms", "1")
    plan = home / "residents/resident-001.yaml"
    plan.write_text(plan.read_text().replace("known_as: Resident 001", 'known_as: "<b>Ann</b>"'))
    page, _ = finished("sheet", home, "--html")
    assert page.startswith("<!doctype html>")
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    assert "@page { size: A4 portrait" in page
    assert "src=" not in page
    assert "href=" not in page


def test_what_cannot_be_printed_is_one_line(tmp_path: Path) -> None:
    """A time that is none, and a home that was never accepted."""
    home = tmp_path / "home"
    finished("new", home, "--rooms", "1")
    assert "expected a time of day, as in 21:30" in refused("sheet", home, "--at", "half past nine")
    (home / "home.yaml").write_text("")
    assert "home.yaml" in refused("sheet", home)
    assert "there is no folder" in refused("sheet", tmp_path / "nowhere")


async def test_refused_files_give_the_configuration_accepted_last_and_who_signed_on(tmp_path: Path) -> None:
    """It is said on the paper, in one line on standard error, and the exit code is 0: paper is wanted most then."""
    async with rig(tmp_path) as home:
        assert (await home.ask(id="1", do="sign_on", by="Zoe"))["ok"] is True
        (home.folder / "home.yaml").write_text("")
        out, err = await asyncio.to_thread(finished, "sheet", home.folder)
        assert len(err.splitlines()) == 1
        assert "this is the configuration accepted last" in " ".join(out.split())
        assert "Resident 002" in out
        assert "Zoe                        agency, since" in out


def test_a_ledger_that_is_broken_still_gives_the_list(tmp_path: Path) -> None:
    """From the files, with a word about what is not known."""
    home = tmp_path / "home"
    finished("new", home, "--rooms", "1")
    (home / "data").mkdir()
    (home / "data/ledger.db").write_bytes(b"this is no ledger" * 100)
    out, err = finished("sheet", home)
    assert "the ledger cannot be read" in " ".join(out.split())
    assert "the ledger cannot be read" in err
    assert "Resident 001" in out
