"""The launcher: what a first start makes, what a later one leaves alone, and the one line of every refusal."""

import os
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

LAUNCHER = Path(__file__).resolve().parent.parent / "handrail"
NOTHING = "# nothing to install\n"
PROGRAM = "import os, sys\nprint(os.getcwd(), *sys.argv[1:])\n"
DEADLINE_S = 120


def launcher() -> ModuleType:
    """The launcher as a module: it has no ending, so it is loaded by its path."""
    loader = SourceFileLoader("launcher", str(LAUNCHER))
    spec = spec_from_loader("launcher", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def checkout(folder: Path) -> Path:
    """A checkout with the real launcher, a program that says what it was asked, and nothing to install."""
    (folder / "hub" / "commands").mkdir(parents=True)
    (folder / "hub" / "__init__.py").touch()
    (folder / "hub" / "commands" / "__init__.py").touch()
    (folder / "hub" / "commands" / "__main__.py").write_text(PROGRAM)
    (folder / "requirements.lock").write_text(NOTHING)
    (folder / "requirements-run.lock").write_text(NOTHING)
    shutil.copy(LAUNCHER, folder)
    return folder


def environment(**more: str) -> dict[str, str]:
    """Ours, with an index that has nothing: no test downloads."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CI")}
    return {**ours, "PIP_NO_INDEX": "1", **more}


def begin(folder: Path, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.Popen[str]:
    """Starts the launcher of that checkout as somebody at a terminal would."""
    return subprocess.Popen(
        [sys.executable, str(folder / "handrail"), *arguments],
        cwd=cwd or folder,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, output and complaints, once it is over."""
    try:
        out, err = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    return process.returncode, out, err


def refused(folder: Path, *arguments: str, **more: str) -> str:
    """The one line with which the launcher refuses."""
    code, out, err = ended(begin(folder, *arguments, cwd=folder, **more))
    assert (code, out) == (2, ""), err
    assert err.startswith("handrail: ")
    assert err.count("\n") == 1, err
    return err


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout after its first start, which was two starts at once."""
    folder = checkout(tmp_path_factory.mktemp("checkout"))
    both = [begin(folder, name) for name in ("one", "two")]
    for name, process in zip(("one", "two"), both, strict=True):
        code, out, err = ended(process)
        assert code == 0, err
        assert out == f"{folder} {name}\n"
    return folder


def test_two_first_starts_at_once_both_become_the_program_and_one_installs(installed: Path) -> None:
    """The fixture has started two; what they left is one finished installation."""
    state = (installed / ".venv" / "handrail.state").read_text()
    assert "requirements-run.lock" in state
    assert "unfinished" not in state


def test_a_second_start_does_not_call_pip_and_stays_where_it_was_called(installed: Path, tmp_path: Path) -> None:
    """Only a hash is compared: pip's log is as we left it."""
    log = installed / ".venv" / "handrail.log"
    log.write_text("untouched")
    code, out, err = ended(begin(installed, "decode", "a b", cwd=tmp_path))
    assert (code, out, err) == (0, f"{tmp_path} decode a b\n", "")
    assert log.read_text() == "untouched"


def test_a_folder_named_like_ours_is_not_taken_for_the_program(installed: Path, tmp_path: Path) -> None:
    """The checkout is the program, whatever lies where it was started."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "__init__.py").write_text("raise SystemExit('the wrong hub')\n")
    code, out, err = ended(begin(installed, "run", cwd=tmp_path))
    assert (code, out) == (0, f"{tmp_path} run\n"), err


def test_a_changed_lock_is_installed_again(installed: Path, tmp_path: Path) -> None:
    """A new version of Handrail may need other packages."""
    folder = tmp_path / "copy"
    shutil.copytree(installed, folder, symlinks=True)
    (folder / ".venv" / "handrail.log").write_text("untouched")
    (folder / "requirements-run.lock").write_text(NOTHING + "# changed\n")
    code, _, err = ended(begin(folder, "run"))
    assert code == 0, err
    assert (folder / ".venv" / "handrail.log").read_text() != "untouched"


def test_without_a_network_one_line_says_how_to_go_on(installed: Path, tmp_path: Path) -> None:
    """It names the package, and the way by a machine that has a network."""
    folder = tmp_path / "copy"
    shutil.copytree(installed, folder, symlinks=True)
    (folder / "requirements-run.lock").write_text(f"aiomqtt==2.5.1 --hash=sha256:{'0' * 64}\n")
    line = refused(folder, "demo")
    assert "cannot fetch aiomqtt==2.5.1" in line
    assert f"PIP_FIND_LINKS=wheels {folder}/handrail demo" in line
    assert "unfinished" in (folder / ".venv" / "handrail.state").read_text()


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    """Debian and its children leave venv out until it is asked for."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = sys.modules['pip'] = None\n")
    line = refused(checkout(tmp_path / "checkout"), "demo", PYTHONPATH=str(tmp_path))
    assert "has no venv with pip" in line
    assert "handrail demo`" in line


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With what to do: the owner, or a copy."""
    folder = checkout(tmp_path / "checkout")
    (folder / ".venv.lock").mkdir()  # stands for a read-only folder, which is none for root
    assert f"cp -r {folder}" in refused(folder, "demo")


def test_a_venv_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Clearing it would be somebody's loss."""
    folder = checkout(tmp_path / "checkout")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "thesis.txt").write_text("two years")
    assert "move it away" in refused(folder, "demo")
    assert (folder / ".venv" / "thesis.txt").read_text() == "two years"


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13)])
def test_an_older_python_is_told_which_one_to_take(
    version: tuple[int, int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the command that mends it, exit code 2."""
    assert launcher().main(["demo"], version) == 2
    err = capsys.readouterr().err
    assert f"3.11 or newer is needed, this is {version[0]}.{version[1]}: " in err
    assert "run `" in err
    assert err.count("\n") == 1


def test_an_older_python_can_read_the_launcher() -> None:
    """Else its own syntax error would be the message.

    In a process of its own: a traceback printed by some finalizer parses too, and Python 3.11 mixes the two up.
    """
    reads = f"import ast; ast.parse(open({str(LAUNCHER)!r}, encoding='utf-8').read(), feature_version=(3, 6))"
    done = subprocess.run([sys.executable, "-c", reads], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def steps_of(folder: Path, failing: str, *arguments: str) -> tuple[int, list[str]]:
    """Runs `test` with a Python that writes down what it is asked and fails at one step; the code, and what it was."""
    python = checkout(folder / "checkout") / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/asked"\ncase "$*" in *{failing}*) exit 3;; esac\n')
    python.chmod(0o755)
    module = launcher()
    lock = folder / "checkout" / "requirements.lock"
    (python.parent.parent / "handrail.state").write_text(module.state_of(str(lock), str(python.resolve())))
    programs = folder / "programs"
    programs.mkdir()
    for _, names, _ in module.PARTS:
        (programs / names[0]).write_text("#!/bin/sh\n")
        (programs / names[0]).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    code, _, _ = ended(begin(folder / "checkout", "test", *arguments, PATH=path))
    return code, (folder / "asked").read_text().splitlines()


def test_the_steps_run_in_turn_and_only_pytest_gets_the_arguments(tmp_path: Path) -> None:
    """`./handrail test -k pendant` checks everything and tests the pendant."""
    code, asked = steps_of(tmp_path, "nothing-fails", "-k", "pendant")
    assert code == 0
    assert [line for line in asked if "pendant" in line] == asked[-1:]
    assert ["format" in asked[0], "check" in asked[1], "mypy" in asked[2], "importlinter" in asked[3]] == [True] * 4
    assert asked[-1].startswith("-m pytest")


def test_the_first_failing_step_ends_the_test_with_its_code(tmp_path: Path) -> None:
    """What comes behind it would only bury it."""
    code, asked = steps_of(tmp_path, "mypy")
    assert code == 3
    assert "mypy" in asked[-1]


def test_a_missing_part_is_found_missing_and_named_as_debian_names_it(tmp_path: Path) -> None:
    """A machine with nothing lacks every part."""
    missing = [package for package, _ in launcher().missing_parts(str(tmp_path))]
    assert {"mosquitto", "chromium", "victoria-metrics", "rtl-433"} <= set(missing)


def test_apt_starts_no_service_while_it_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that apt started would take port 1883 from whoever needs it."""
    policy = tmp_path / "policy"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n/bin/cat "{policy}" >> "{tmp_path}/policies"\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher().apt_install(["mosquitto"], [], policy=str(policy))
    assert (tmp_path / "policies").read_text().count("exit 101") == 2
    assert not policy.exists()
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith("install -y --no-install-recommends mosquitto")
