"""The commands that come to an end, and the one line of every refusal."""

import os
import socket
from pathlib import Path

import orjson
import pytest

from hub.homes import known
from hub.lock import Lock
from hub.screens import house_code
from tests.hub.program import finished, refused

COMMANDS = (
    "run",
    "dashboards",
    "watch",
    "walk",
    "arrives",
    "moves",
    "has-left",
    "has-died",
    "forget",
    "new",
    "check",
    "sheet",
    "decode",
    "simulate",
    "import",
    "replay",
    "verify",
    "demo",
    "test",
    "devices",
    "explain",
    "week",
    "schema",
)


def new_home(folder: Path, **options: str) -> Path:
    """A home as `new` writes it."""
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    finished("new", folder, *words)
    return folder


def test_help_names_every_command() -> None:
    """Without a word, and with --help."""
    for words in ((), ("--help",)):
        out, err = finished(*words)
        assert [name for name in COMMANDS if f"  {name} " not in out] == []
        assert err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frobnicate",), "No such command 'frobnicate'"),
        (("run",), "Missing argument"),
        (("simulate", "x", "--days", "many"), "'--days'"),
        (("demo", "--speed", "0"), "'--speed'"),
        (("test",), "checkout"),
    ],
)
def test_words_that_are_not_understood_are_one_line(words: tuple[str, ...], said: str) -> None:
    """With what was wrong, and where to read."""
    assert said in refused(*words)


@pytest.mark.parametrize("command", ["run", "dashboards", "watch", "verify", "simulate"])
def test_a_folder_that_is_not_there_is_one_line(command: str, tmp_path: Path) -> None:
    """It is named, with the command that writes one, and is not made."""
    folder = tmp_path / "nowhere"
    assert f"there is no folder {folder}: `handrail new {folder}`" in refused(command, folder)
    assert not folder.exists()


@pytest.mark.parametrize("command", ["run", "watch", "simulate"])
def test_a_home_that_is_refused_is_one_line_with_file_and_line(command: str, tmp_path: Path) -> None:
    """And the command that shows everything that is wrong."""
    home = new_home(tmp_path / "home", rooms="2")
    text = (home / "home.yaml").read_text(encoding="utf-8")
    (home / "home.yaml").write_text(text.replace("timezone:", "timzone:"), encoding="utf-8")
    said = refused(command, home)
    assert f"{home}/home.yaml:" in said
    assert f"handrail check {home}" in said


def test_a_new_home_is_accepted_by_check(tmp_path: Path) -> None:
    """What was written is said, with what to do next, and `check` finds nothing wrong with it."""
    home = tmp_path / "sunny-court"
    out, err = finished("new", home, "--rooms", "60", "--broker", "mqtt://hub@127.0.0.1:1883")
    assert "home sunny-court, 60 rooms" in out
    assert f"handrail check {home}" in out
    assert err == ""
    out, _ = finished("check", home, "--json")
    checked = orjson.loads(out)
    assert (checked["ok"], checked["problems"]) == (True, [])
    assert checked["counts"]["devices"] == 300


def test_check_exits_1_where_something_is_refused(tmp_path: Path) -> None:
    """File and line stand at the front of the line."""
    home = new_home(tmp_path / "home", rooms="2")
    (home / "staff.yaml").write_text("staff:\n  - {id: a, nam: Anna}\n", encoding="utf-8")
    out, _ = finished("check", home, code=1)
    assert out.startswith("staff.yaml:2: ")


def test_a_home_is_never_written_over(tmp_path: Path) -> None:
    """A folder with something in it is refused."""
    (tmp_path / "home.yaml").touch()
    assert "is not empty" in refused("new", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """For a new home and for a hub's ledger."""
    home = new_home(tmp_path / "home", rooms="1")
    home.chmod(0o500)
    assert "cannot be written" in refused("new", home / "other")
    assert "Permission denied" in refused("run", home)


def test_a_ledger_that_is_broken_is_one_line(tmp_path: Path) -> None:
    """`verify` does not judge it; the hub puts it aside and begins anew (`test_record_lost.py`)."""
    home = new_home(tmp_path / "home", rooms="1")
    (home / "data").mkdir()
    (home / "data" / "ledger.db").write_bytes(b"this is no database, whatever its name says" * 100)
    assert "ledger" in refused("verify", home)


def test_a_port_that_is_taken_is_one_line_before_anything_starts(tmp_path: Path) -> None:
    """For the screens beside a hub, and for the demonstration."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home = new_home(tmp_path / "home", rooms="1")
        text = (home / "home.yaml").read_text(encoding="utf-8")
        (home / "home.yaml").write_text(text.replace("port: 8080", f"port: {port}"), encoding="utf-8")
        assert f"cannot listen on 127.0.0.1:{port}" in refused("run", home, "--with-dashboards")
        assert f"cannot listen on 127.0.0.1:{port}" in refused("dashboards", home)
        assert f"cannot listen on 127.0.0.1:{port}" in refused("demo", "--port", str(port), "--folder", tmp_path / "d")
    assert not (home / "data").exists()


def test_screens_that_others_can_reach_get_a_house_code(tmp_path: Path) -> None:
    """It is drawn once, kept where its owner alone can read it, and one that is too short is refused."""
    home = new_home(tmp_path / "home", rooms="1")
    assert house_code(known(home)) is None
    text = (home / "home.yaml").read_text(encoding="utf-8")
    (home / "home.yaml").write_text(text.replace("host: 127.0.0.1", "host: 0.0.0.0"), encoding="utf-8")
    code = house_code(known(home))
    assert code is not None
    assert len(code) == 6
    assert house_code(known(home)) == code
    assert (home / "secrets" / "house-code").stat().st_mode & 0o077 == 0
    (home / "secrets" / "house-code").write_text("12\n", encoding="utf-8")
    assert "house-code" in refused("dashboards", home)


def test_decode_answers_line_by_line() -> None:
    """The adapters without a broker."""
    out, err = finished("decode", given=b'{"topic":"zigbee2mqtt/a","payload":{"action":"emergency"}}\nnot json\n')
    first, second = map(orjson.loads, out.splitlines())
    assert first["events"][0]["kind"] == "emergency"
    assert "not JSON" in second["error"]
    assert err == ""


def test_verify_says_that_a_new_ledger_has_nothing(tmp_path: Path) -> None:
    """Before the first start there is none, which is said too."""
    home = new_home(tmp_path / "home", rooms="1")
    assert "there is no ledger" in refused("verify", home)


def test_two_watchers_of_a_home_on_one_machine_are_one_line(tmp_path: Path) -> None:
    """They would tell everything twice."""
    home = new_home(tmp_path / "home", rooms="1")
    lock = Lock(home / "data" / "watcher.lock")
    lock.path.parent.mkdir()
    lock.acquire()
    assert "another watcher of" in refused("watch", home)
    lock.release()
