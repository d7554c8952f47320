"""`python -m hub.demo.rumqttd FILE`: the broker in the `iotcore` wheel, for a demonstration without Mosquitto."""

from __future__ import annotations

import logging
import sys


def main() -> None:
    """Serve until killed; it has no other way to end."""
    from iotcore.iotcore import IotCoreBroker

    # It reports every packet as an error while it handles it.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    IotCoreBroker(config_path=sys.argv[1]).run_forever()


if __name__ == "__main__":
    main()
