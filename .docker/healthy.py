"""Whether the hub of a home is well, for the container that runs it: `python healthy.py HOME`, exit 0 or 1 with a line.

It asks as a screen would: the retained status on the home's broker. So it also sees a hub that runs and hears nothing.
"""

import asyncio
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import orjson
from ruamel.yaml import YAML

WELL = frozenset({"ready", "degraded"})
PATIENCE_S = 5.0


def said(home: Path, section: dict[str, str], name: str) -> str | None:
    """The content of a file that the section names, relative to the home."""
    return (home / section[name]).read_text(encoding="utf-8").strip() if name in section else None


async def status(home: Path) -> str:
    """The state that the broker holds for this home's hub."""
    settings = YAML(typ="safe").load((home / "home.yaml").read_text(encoding="utf-8"))
    # The screens' account where there is one: it may read the status and little else.
    account = settings["dashboards"] if "username" in settings.get("dashboards", {}) else settings["broker"]
    url = urlsplit(settings["broker"]["url"])
    secure = url.scheme == "mqtts"
    ca_file = settings["broker"].get("ca_file")
    async with aiomqtt.Client(
        url.hostname or "127.0.0.1",
        url.port or (8883 if secure else 1883),
        username=account.get("username"),
        password=said(home, account, "password_file"),
        tls_context=ssl.create_default_context(cafile=str(home / ca_file) if ca_file else None) if secure else None,
    ) as client:
        await client.subscribe(f"handrail/{settings['home']}/status", qos=1)
        async for message in client.messages:
            return str(orjson.loads(bytes(message.payload))["state"])
    return "unknown"


async def main(home: Path) -> str:
    """One line about the hub, empty when it is well."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            state = await status(home)
    except TimeoutError:
        return "the broker holds no status of this home's hub"
    except (OSError, KeyError, ValueError, aiomqtt.MqttError) as error:
        return f"cannot ask: {error}"
    return "" if state in WELL else f"the hub is {state}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))) or 0)
