"""The house: what every file of the project keeps to, whoever wrote it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("devices", "rules", "hub", "dashboards")
LONGEST = 400
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
# What §13 of the design asks of the broker; None where it leaves the figure to us.
BROKER = {
    "max_queued_messages": "1000000000",  # not 0: mosquitto.conf says why
    "max_queued_bytes": None,
    "max_inflight_messages": "0",
    "persistence": "true",
    "autosave_on_changes": "false",
    "autosave_interval": "1",
    "persistent_client_expiration": "30d",
    "upgrade_outgoing_qos": "true",
    "queue_qos0_messages": "true",
    "message_size_limit": None,
    "set_tcp_nodelay": "true",
}
# Each with one letter in brackets, so that this file does not find itself.
FOREIGN = {
    "a folder of the machine it was written on": r"(?<![\w.~-])/(roo[t]|wor[k]|User[s])/|/tm[p]/\w",
    "the address of a package index": r"pypi\.or[g]|pythonhoste[d]|https?://\S*/simpl[e]\b|registry\.npmj[s]",
}


def own_files() -> list[Path]:
    """Every file that is part of the project, or will be once it is added."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        message = "not a git checkout: the project's files cannot be told from others"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def own_texts() -> Iterator[tuple[Path, str]]:
    """The same, with its text, where it is one."""
    for path in own_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def lint_imports(folder: Path) -> tuple[int, str]:
    """import-linter in that folder: exit code and report."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", LINT_IMPORTS, "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=ours, capture_output=True, check=False, text=True)
    return done.returncode, done.stdout + done.stderr


def small_house(folder: Path, **imports: str) -> Path:
    """Four packages under our contracts, each with one module that imports what it is told to."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for layer in LAYERS:
        (folder / layer).mkdir()
        (folder / layer / "__init__.py").touch()
        (folder / layer / "one.py").write_text(imports.get(layer, ""))
    (folder / "hub" / "ledger").mkdir()
    (folder / "hub" / "ledger" / "__init__.py").touch()
    (folder / "hub" / "ledger" / "read.py").write_text("import hub.one\nimport sqlite3\n")
    return folder


def test_imports_go_one_way() -> None:
    """The folders say the architecture, and the contracts keep it said."""
    code, report = lint_imports(ROOT)
    assert code == 0, report


def test_the_contracts_allow_what_the_design_allows(tmp_path: Path) -> None:
    """The screens may read the ledger, whatever its reading needs in turn; the hub may read the clock."""
    house = small_house(tmp_path, dashboards="from hub.ledger import read\nimport rules.one", hub="import time")
    code, report = lint_imports(house)
    assert code == 0, report


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("devices", "import rules.one"),
        ("rules", "import hub.one"),
        ("rules", "import time"),
        ("devices", "import asyncio"),
        ("rules", "from random import choice"),
        ("devices", "import mqtt5"),
        ("hub", "import dashboards.one"),
        ("dashboards", "import hub.one"),
        ("dashboards", "import hub.ledger"),
    ],
)
def test_the_contracts_refuse_what_the_design_refuses(tmp_path: Path, layer: str, line: str) -> None:
    """A contract that never breaks would prove nothing."""
    code, report = lint_imports(small_house(tmp_path, **{layer: line}))
    assert code == 1, report
    assert f"{layer}.one -> " in report


def test_no_python_file_is_longer_than_we_can_read() -> None:
    """Past it we ask what the file does too much of."""
    sources = {path: text for path, text in own_texts() if path.suffix == ".py" or path.name == "handrail"}
    assert len(sources) > 1
    long = {str(path.relative_to(ROOT)): text.count("\n") for path, text in sources.items()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def test_every_top_level_folder_says_what_it_is() -> None:
    """Its README answers how one of these is added."""
    folders = {path.relative_to(ROOT).parts[0] for path in own_files() if len(path.relative_to(ROOT).parts) > 1}
    shown = {name for name in folders if not name.startswith(".")}
    assert shown >= {*LAYERS, "tests"}
    assert [name for name in sorted(shown) if not (ROOT / name / "README.md").is_file()] == []


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_holds(what: str) -> None:
    """The project is at home on every machine."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path, text in own_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(FOREIGN[what], line)
    ]
    assert found == []


def broker_settings() -> dict[str, str]:
    """What the shipped mosquitto.conf sets."""
    lines = (ROOT / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    said = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return dict(said)


def test_the_broker_gets_every_setting_of_the_design_and_no_other() -> None:
    """Who may come in is the home's to say, so no listener is among them."""
    settings = broker_settings()
    assert set(settings) == set(BROKER)
    assert {name: settings[name] for name, value in BROKER.items() if value} == {
        name: value for name, value in BROKER.items() if value
    }
    assert 0 < int(settings["message_size_limit"]) < int(settings["max_queued_bytes"])


def pinned(lock: str) -> dict[str, str]:
    """The packages of a lock file by normal name, each with its version, its marker and its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {normal(line): " ".join(line.split()) for line in lines}


def normal(requirement: str) -> str:
    """The name in a requirement, written the one way that the index compares."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def test_every_dependency_is_pinned_with_a_hash() -> None:
    """Nothing is installed that was not looked at when the lock was made."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for lock, wanted in (
        ("requirements.lock", [*project["dependencies"], *extras["demo"], *extras["test"]]),
        ("requirements-run.lock", [*project["dependencies"], *extras["demo"]]),
    ):
        packages = pinned(lock)
        assert {normal(requirement) for requirement in wanted} <= set(packages)
        assert [
            line for line in packages.values() if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
        ] == []


def test_the_program_and_its_tests_run_the_same_versions() -> None:
    """The lock of the program is the lock of the tests with the tools left out."""
    assert pinned("requirements-run.lock").items() <= pinned("requirements.lock").items()


def test_the_containers_have_no_secret_and_no_rights() -> None:
    """Secrets lie in the home's folder; whoever breaks into a container finds a user without rights."""
    services = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"broker", "hub", "watch", "dashboards", "influxdb"}
    for service in services.values():
        assert "environment" not in service
        assert service["restart"] == "always"
    for name in ("broker", "hub", "watch", "dashboards"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["user"] == "${HANDRAIL_USER:-1000:1000}"
    assert re.search(r"^USER handrail$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
