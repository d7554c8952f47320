"""When certificates end: the one the broker shows at a handshake, and those in files of ours.

Python verifies certificates and tells when one ends only of those it has verified; a client's own is in a file. So the
one field that matters is read from the certificate's bytes (X.509, RFC 5280 §4.1.2.5).
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub.errors import BrokerError
from hub.mqtt.login import tls_of
from hub.mqtt.reasons import EXPIRED
from hub.mqtt.types import BrokerAddress

log = logging.getLogger("handrail.broker")

HANDSHAKE_S = 10.0
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_VERSION, _UTC_TIME = 0xA0, 0x17


class CertificateUnreadable(ValueError):
    """Bytes that are no certificate."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate, in words, with the setting that names it, and when it ends in Unix seconds."""

    what: str
    ends_s: int

    @property
    def day(self) -> str:
        """The day on which it ends, UTC."""
        return datetime.fromtimestamp(self.ends_s, UTC).date().isoformat()


def ends_s(der: bytes) -> int:
    """When a certificate (DER) ends, in Unix seconds; raises `CertificateUnreadable`."""
    try:
        _, at, _ = _element(der, 0)
        _, at, _ = _element(der, at)
        if der[at] == _VERSION:
            at = _element(der, at)[2]
        for _ in ("serial number", "signature", "issuer"):
            at = _element(der, at)[2]
        _, at, _ = _element(der, at)
        tag, start, end = _element(der, _element(der, at)[2])
        form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
        return int(datetime.strptime(der[start:end].decode("ascii"), form).replace(tzinfo=UTC).timestamp())
    except (IndexError, ValueError) as error:
        raise CertificateUnreadable(f"not a certificate: {error}") from error


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """The tag, the start and the end of the content that begins at a place."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        many = length & 0x7F
        length, start = int.from_bytes(der[start : start + many], "big"), start + many
    return tag, start, start + length


def of_files(address: BrokerAddress) -> list[Ending]:
    """The authority's and our own, as `home.yaml` names them; a file that cannot be read is said at the connect.

    Of many authorities in a file some end all the time, and which is the broker's is not said: the last to end counts.
    """
    named = (("ca_file", address.ca_file, max), ("cert_file", address.cert_file, min))
    return [
        Ending(f"the certificate in {path} ({setting} in home.yaml)", counts(ends))
        for setting, path, counts in named
        if (ends := _ends_in(path))
    ]


def _ends_in(path: Path | None) -> list[int]:
    if path is None:
        return []
    try:
        return [ends_s(ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))) for pem in _PEM.findall(path.read_bytes())]
    except (OSError, ValueError):
        return []


async def of_broker(address: BrokerAddress) -> Ending | None:
    """The one that the broker shows to who connects now; None where it cannot be asked."""
    what = f"the certificate of the broker at {address} (certfile in mosquitto.conf)"
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            _, writer = await asyncio.open_connection(address.host, address.port, ssl=tls_of(address))
    except ssl.SSLCertVerificationError as error:
        return Ending(what, 0) if error.verify_code == EXPIRED else None
    except (OSError, BrokerError):
        return None
    shown = writer.get_extra_info("ssl_object")
    der = shown.getpeercert(binary_form=True) if shown is not None else None
    writer.close()
    try:
        return Ending(what, ends_s(der)) if der else None
    except CertificateUnreadable as error:
        log.warning("%s: %s", what, error)
        return None
