"""The real parts that tests run against, on loopback, each with a folder and a port of its own."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

_STEP_S = 0.01
_START_S = 10.0
_STOP_S = 10.0
_SAVE_S = 10.0

# What a test decides itself and does not take from the shipped mosquitto.conf.
_OWN_SETTINGS = frozenset(
    [
        "acl_file",
        "allow_anonymous",
        "bind_address",
        "cafile",
        "capath",
        "certfile",
        "include_dir",
        "keyfile",
        "listener",
        "log_dest",
        "password_file",
        "per_listener_settings",
        "persistence_file",
        "persistence_location",
        "pid_file",
        "port",
        "protocol",
        "psk_file",
        "require_certificate",
        "use_identity_as_username",
        "use_subject_as_username",
        "user",
    ]
)


def part(name: str) -> Path:
    """The executable of that name; without it the test is skipped loudly, and fails in CI."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is not None:
        return Path(found)
    missing = f"{name} is not on the PATH: install it to run this test"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


async def until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for a condition to hold, and fail when it does not within the deadline."""
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail(f"did not happen within {timeout_s:g} s: {_told(condition)}")


def until_now(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """The same for tests that have no event loop."""
    for _ in range(int(timeout_s / _STEP_S)):
        if condition():
            return
        time.sleep(_STEP_S)
    pytest.fail(f"did not happen within {timeout_s:g} s: {_told(condition)}")


def _told(condition: Callable[[], object]) -> str:
    code = getattr(condition, "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else repr(condition)


def listens(port: int) -> bool:
    """Whether somebody accepts connections on that port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End a process that this test run started, and wait until it is gone."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_S)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A throw-away authority and what it signed for 127.0.0.1 and localhost."""

    ca_file: Path
    cert_file: Path
    key_file: Path


def certificates(folder: Path, days: int = 2) -> Certificates:
    """Made by openssl for one test; good for two days, or the broker's for so many (below 0: it has ended)."""
    openssl = str(part("openssl"))
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    ca_key, request, names = folder / "ca.key", folder / "server.csr", folder / "names.ext"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    new_key = ("-newkey", "rsa:2048", "-nodes")
    for arguments in (
        (
            "req",
            "-x509",
            *new_key,
            "-keyout",
            ca_key,
            "-out",
            made.ca_file,
            "-days",
            str(max(2, days)),
            "-subj",
            "/CN=test authority",
        ),
        ("req", *new_key, "-keyout", made.key_file, "-out", request, "-subj", "/CN=localhost"),
        (
            *("x509", "-req", "-in", request, "-CA", made.ca_file, "-CAkey", ca_key, "-CAcreateserial"),
            *("-days", str(days), "-extfile", names, "-out", made.cert_file),
        ),
    ):
        subprocess.run([openssl, *map(str, arguments)], check=True, capture_output=True)
    made.key_file.chmod(0o644)
    return made


class Mosquitto:
    """A real broker with the shipped settings; it can be stopped, killed, paused and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._program = part("mosquitto")
        self._process: subprocess.Popen[bytes] | None = None
        self._own: dict[str, str] = {"allow_anonymous": "true"}
        self._extra = ""
        # Mosquitto that is started by root becomes another user, who must be able to write here.
        folder.chmod(0o777)

    @property
    def pid(self) -> int:
        """The process id of the running broker."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """What the broker wrote to its log so far."""
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def start(self) -> "Mosquitto":
        """Start, or start again with what was persisted, and wait until it listens."""
        for _ in range(3):
            configuration = self.folder / "mosquitto.conf"
            configuration.write_text(self._configuration())
            with (self.folder / "mosquitto.log").open("ab") as log:
                process = subprocess.Popen([self._program, "-c", configuration], stdout=log, stderr=log)
            until_now(lambda process=process: process.poll() is not None or listens(self.port), _START_S)  # type: ignore[misc]
            if process.poll() is None:
                self._process = process
                return self
            if self._process is not None or "in use" not in self.log:
                break
            self.port = free_port()
        pytest.fail(f"mosquitto did not start:\n{self.log}")

    def stop(self) -> None:
        """End it as a shutdown does: it saves first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def hang_up(self) -> None:
        """It reads its users, rights and certificates again."""
        os.kill(self.pid, signal.SIGHUP)

    @property
    def kept(self) -> Path:
        """The file in which it keeps sessions, queues and retained messages."""
        return self.folder / "mosquitto.db"

    async def saved(self) -> None:
        """Until all it has acknowledged by now is in that file; it is written anew every two seconds."""

        def written() -> int:
            return self.kept.stat().st_mtime_ns if self.kept.exists() else 0

        before = written()
        await until(lambda: written() != before, _SAVE_S)

    def forget(self) -> None:
        """While it is down: its folder is emptied of what it kept."""
        self.kept.unlink(missing_ok=True)

    def put_back(self, kept: bytes) -> None:
        """While it is down: what it keeps is an older copy."""
        self.kept.write_bytes(kept)
        self.kept.chmod(0o666)

    def pause(self) -> None:
        """It stops answering, its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was paused."""
        os.kill(self.pid, signal.SIGCONT)

    def with_users(self, users: Mapping[str, str], acl: str | None = None) -> "Mosquitto":
        """The same broker, started anew, asking for a password, with an access list when one is given."""
        password_file = self.folder / "passwords"
        password_file.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        subprocess.run([part("mosquitto_passwd"), "-U", password_file], check=True, capture_output=True)
        password_file.chmod(0o644)
        self._own |= {"allow_anonymous": "false", "password_file": str(password_file)}
        if acl is not None:
            acl_file = self.folder / "acl"
            acl_file.write_text(acl)
            self._own["acl_file"] = str(acl_file)
        return self._again()

    def with_tls(self, made: Certificates, clients: Path | None = None) -> "Mosquitto":
        """The same broker, started anew, speaking TLS alone; with those who have a certificate of `clients` alone."""
        self._own |= {"cafile": str(made.ca_file), "certfile": str(made.cert_file), "keyfile": str(made.key_file)}
        if clients is not None:
            self._own |= {"cafile": str(clients), "require_certificate": "true"}
        return self._again()

    def with_settings(self, extra: str) -> "Mosquitto":
        """The same broker, started anew, with more lines in its configuration; the last line of a name counts."""
        self._extra += extra.rstrip("\n") + "\n"
        return self._again()

    def _again(self) -> "Mosquitto":
        if self._process is not None:
            self.stop()
        return self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            if how is not signal.SIGKILL and self._process.poll() is None:
                self.resume()
            end(self._process, how)

    def _configuration(self) -> str:
        lines = (REPOSITORY / "mosquitto.conf").read_text().splitlines()
        replaced = _OWN_SETTINGS | {line.split()[0] for line in self._extra.splitlines()}
        kept = [line for line in lines if line.strip() and line.split()[0] not in replaced and line.strip()[0] != "#"]
        own = [f"{name} {value}" for name, value in self._own.items()]
        root = ["user root"] if os.geteuid() == 0 else []
        place = [f"persistence_location {self.folder}/", "log_dest stderr", f"listener {self.port} 127.0.0.1"]
        return "\n".join([*kept, *self._extra.splitlines(), *root, *place, *own]) + "\n"
