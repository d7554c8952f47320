"""Every way a home can be wrong, with the very lines it is refused with: `config_refused.txt`, block by block."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.document import LARGEST_BYTES, parse
from hub.config.problems import ConfigurationRefused
from hub.config.read import read_home
from tests.hub.config_home import HOME, replaced, write_home

_BLOCKS = (Path(__file__).parent / "config_refused.txt").read_text(encoding="utf-8").split("\n\n")[1:]
_PIECES = [
    *"abc:-?,[]{}#&*!|>'\"%@`\\ \n\t\r0.~<=\0\x85\ufeff\u2028é",
    *('"\\U00110000', '"\\ud800"', "- ", "? ", ": ", "%TAG ", "---", "...", "!<", "%YAML 1.2\n", "|2", "&a ", "*a"),
]


def told(folder: Path) -> list[str]:
    """All that is refused in the folder, as it is printed."""
    try:
        return [str(problem) for problem in read_home(folder).refused_plans]
    except ConfigurationRefused as refused:
        return [str(problem) for problem in refused.problems]


@pytest.mark.parametrize("block", _BLOCKS, ids=[block.splitlines()[2][2:] for block in _BLOCKS])
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, block: str) -> None:
    """One thing made wrong gives the line, what is expected there, and the nearest name."""
    file, right, wrong, *lines = block.strip("\n").split("\n")
    right, wrong = (line[2:].replace("\\n", "\n") for line in (right, wrong))
    assert told(write_home(tmp_path, replaced(file, right, wrong))) == lines


def test_an_empty_folder_is_told_all_three_files(tmp_path: Path) -> None:
    """Where nothing is, every missing file is named."""
    assert told(tmp_path) == [
        f"{file}: does not exist; expected a home folder as `handrail new` writes it"
        for file in ("home.yaml", "devices.yaml", "staff.yaml")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "data: ~nobody-has-this-name/x\n",
        "series: {influxdb: {url: 'http://x', org: o, bucket: b, token_file: " + "t" * 300 + "}}\n",
    ],
)
def test_a_name_that_no_system_takes_is_refused_and_ends_nothing(tmp_path: Path, line: str) -> None:
    """A hub that runs reads it too, and must go on."""
    (said,) = told(write_home(tmp_path, {"home.yaml": HOME + line}))
    assert "cannot be read" in said


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    """More than 1 MiB is refused before anything of it is understood."""
    write_home(tmp_path, {"staff.yaml": "#" * (LARGEST_BYTES + 1)})
    assert told(tmp_path) == ["staff.yaml: is too long; expected at most 1 MiB"]


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    """A file in another encoding is refused where the first foreign byte stands."""
    write_home(tmp_path)
    (tmp_path / "staff.yaml").write_bytes(b"staff:\n  - id: j\xf6rg\n")
    assert told(tmp_path) == ["staff.yaml:2: is not UTF-8 text; expected a file saved as UTF-8"]


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    """The first anchor is refused; nothing is multiplied."""
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    write_home(tmp_path, {"staff.yaml": bomb})
    assert told(tmp_path) == ["staff.yaml:1: uses an anchor or alias (& or *); expected the value written out"]


def test_nesting_has_a_bottom() -> None:
    """A file of brackets alone cannot exhaust the stack."""
    with pytest.raises(ConfigurationRefused, match="nested too deeply"):
        parse(b"[" * 100_000, "home.yaml")


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    """Whatever somebody saves, the reader neither falls over nor lets a broken character through."""
    try:
        found = repr(parse(text.encode(), "home.yaml").data)
    except ConfigurationRefused as refused:
        found = "".join(str(problem) for problem in refused.problems)
    assert found.encode()


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    """Problems of several files come together, in the order of files and lines."""
    changed = replaced("devices.yaml", "person: margaret", "person: margret")
    changed |= replaced("staff.yaml", "zones: [first]", "zones: [frist]")
    lounge = "{place: lounge, name: Lounge, kind: lounge, zone: ground, call_point: telephone}"
    changed |= replaced("home.yaml", lounge, "{place: hall, name: Hall, kind: lounge, zone: g}")
    assert [line.split(";")[0] for line in told(write_home(tmp_path, changed))] == [
        'home.yaml:16: unknown zone "g"',
        'devices.yaml:2: unknown resident "margret"',
        'devices.yaml:7: unknown place "lounge"',
        'staff.yaml:8: unknown zone "frist"',
    ]
