"""Every error Handrail raises itself, in one tree; a leaf says by `retry` whether trying again can help.

HandrailError
├── LedgerUnwritable           the disk does not take what must be kept   (retry)
├── LedgerUnreadable           the disk does not give back what was kept  (retry)
├── LedgerTooNew               written by a newer Handrail
├── LedgerBusy                 another hub runs on it
├── LedgerShared               another hub wrote into it, or it turned out to be whole: it is read again  (retry)
├── WatcherBusy                another watcher of this home runs here
├── SeriesUnreachable          the time series does not answer           (retry)
├── SeriesRefused              its token, bucket or address is wrong
├── ChannelFailed              a person's channel did not take a message (retry)
├── ServicesUnreachable        Home Assistant could not be asked         (retry)
├── ServicesUnanswered         it was asked, and what came of it is not known
├── ServicesRefused            its token or address is wrong
├── ServiceFailed              it answers, and did not do the service
└── BrokerError                what goes wrong between the hub and its MQTT broker
    ├── BrokerUnreachable      nobody answers, or no longer          (retry)
    ├── BrokerClosed           the broker ended the connection       (retry)
    ├── BrokerBusy             the broker asks for patience          (retry)
    ├── ProtocolBroken         what came is not MQTT 5               (retry)
    ├── BrokerRefused          password, rights, version
    ├── BrokerUntrusted        its certificate is not believed
    ├── CredentialsUnreadable  our password, key or CA file
    ├── SessionTakenOver       another client has our id
    └── SubscriptionRefused    a filter the broker does not grant

The message of each is one sentence for the person who runs the hub: what happened, where, what to change.
"""

from typing import ClassVar


class HandrailError(Exception):
    """The root: catching it catches what Handrail foresaw and nothing else."""

    retry: ClassVar[bool] = False


class BrokerError(HandrailError):
    """Something between the hub and its broker."""


class BrokerUnreachable(BrokerError):
    """Nobody answers at the broker's address, or the broker stopped answering."""

    retry = True


class BrokerClosed(BrokerError):
    """The broker ended a connection that worked, and said why."""

    retry = True


class BrokerBusy(BrokerError):
    """The broker refused for now: busy, starting, or over a quota."""

    retry = True


class ProtocolBroken(BrokerError):
    """Bytes came that are not MQTT 5, or a packet that a broker may not send; `code` is what we answered with."""

    retry = True

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class BrokerRefused(BrokerError):
    """The broker does not let us in, and will not until somebody changes something."""


class BrokerUntrusted(BrokerError):
    """The broker's certificate is not one we believe, or it speaks no TLS where we expect it."""


class CredentialsUnreadable(BrokerError):
    """A password, certificate or key file that `home.yaml` names cannot be used."""


class SessionTakenOver(BrokerError):
    """Another client connected with our client id, and the broker closed ours."""


class SubscriptionRefused(BrokerError):
    """The broker does not grant a filter; `filter` is that one."""

    def __init__(self, sentence: str, filter: str) -> None:
        super().__init__(sentence)
        self.filter = filter


class LedgerUnwritable(HandrailError):
    """The ledger's file cannot be opened or written: disk full, read-only, broken, gone. `sort` is the row of FAULTS.md
    whose words fit, where there is a better one than `ledger`."""

    retry = True

    def __init__(self, sentence: str, sort: str = "") -> None:
        super().__init__(sentence)
        self.sort = sort


class LedgerUnreadable(HandrailError):
    """The ledger's file cannot be read just now."""

    retry = True


class LedgerTooNew(HandrailError):
    """The ledger was written by a newer Handrail."""


class LedgerBusy(HandrailError):
    """Another hub holds this ledger."""


class LedgerShared(HandrailError):
    """The ledger holds what this hub does not know: another hub wrote into it, or its disk is back after a start
    without it. What is in memory must give way to it, and the hub starts again from there."""

    retry = True

    def __init__(self, sentence: str, *, by_another: bool) -> None:
        super().__init__(sentence)
        self.by_another = by_another


class WatcherBusy(HandrailError):
    """Another watcher of this home runs on this machine."""


class SeriesUnreachable(HandrailError):
    """The time series does not answer, or asks for patience."""

    retry = True


class SeriesRefused(HandrailError):
    """The time series does not take what is written, and will not until somebody changes something."""


class ChannelFailed(HandrailError):
    """A person's channel did not take a message; the sentence holds nothing of its address that is secret."""

    retry = True


class ServicesUnreachable(HandrailError):
    """Home Assistant could not be asked: nobody listens, or it asks for patience."""

    retry = True


class ServicesUnanswered(HandrailError):
    """Home Assistant was asked and gave no answer: what was asked may have been done, and twice would be too often."""


class ServicesRefused(HandrailError):
    """Home Assistant does not let us in, or something else answers there, until somebody changes something."""


class ServiceFailed(HandrailError):
    """Home Assistant answers, and did not do what it was asked: no such service, wrong data, a device of its own."""
