"""Placed devices that cannot be for what they were placed as: `check` warns of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devices.adapter import Description
from devices.purposes import cannot_be
from hub.config.document import Document
from hub.config.files import DeviceForm
from hub.config.problems import Problem


def unfit(document: Document, devices: Sequence[DeviceForm], known: Mapping[str, Description]) -> list[Problem]:
    """The placed devices that cannot be what they were placed as, each with its line of `devices.yaml`."""
    found = []
    for number, device in enumerate(devices):
        why = cannot_be(device.purpose, known.get(device.address.partition("#")[0]))
        if why:
            found.append(document.problem(("devices", number, "for"), f'"{device.device}" {why}'))
    return found
