"""What a connection needs to log in, read from files at every connect, so that a renewed certificate is taken up."""

import ssl

from hub.errors import CredentialsUnreadable
from hub.mqtt.types import BrokerAddress
from hub.ordinary import read_ordinary


def password_of(address: BrokerAddress) -> bytes | None:
    """The password, without the newline that an editor leaves behind it."""
    if address.password_file is None:
        return None
    try:
        return read_ordinary(address.password_file).rstrip(b"\r\n")
    except OSError as error:
        raise CredentialsUnreadable(
            f"the broker's password file {address.password_file} cannot be read: {error.strerror};"
            " write the password into it, one line, readable by the hub's user"
        ) from error


def tls_of(address: BrokerAddress) -> ssl.SSLContext | None:
    """How to speak TLS with this broker, or None where it is spoken to in the clear."""
    if not address.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=address.ca_file)
        if address.cert_file is not None:
            context.load_cert_chain(address.cert_file, address.key_file)
    except (OSError, ValueError) as error:
        files = ", ".join(str(f) for f in (address.ca_file, address.cert_file, address.key_file) if f is not None)
        raise CredentialsUnreadable(
            f"TLS with the broker at {address} cannot be set up from {files}: {error}"
        ) from error
    return context
