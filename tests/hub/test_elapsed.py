"""The two clocks of a home."""

from __future__ import annotations

from dataclasses import dataclass

from hub.clock import SystemClock
from hub.elapsed import HomeClock


@dataclass
class Hands:
    """A clock whose hands a test sets."""

    wall: int
    elapsed: int

    def wall_ms(self) -> int:
        """Unix milliseconds."""
        return self.wall

    def elapsed_ms(self) -> int:
        """Milliseconds from somewhere."""
        return self.elapsed


def test_across_a_restart_elapsed_time_adds_what_passed_on_the_wall() -> None:
    """The machine's own counter began anew."""
    clock = HomeClock(Hands(wall=1_060_000, elapsed=5), last_elapsed_ms=500_000, last_wall_ms=1_000_000)
    assert clock.now().elapsed_ms == 560_000
    assert clock.now().wall_ms == 1_060_000


def test_elapsed_time_never_goes_back_although_the_wall_clock_did() -> None:
    """Somebody set it back while the hub was down."""
    clock = HomeClock(Hands(wall=900_000, elapsed=5), last_elapsed_ms=500_000, last_wall_ms=1_000_000)
    assert clock.now().elapsed_ms == 500_000


def test_a_new_home_begins_at_nothing() -> None:
    """Without a last time there is no gap."""
    hands = Hands(wall=1_000_000, elapsed=77)
    clock = HomeClock(hands, 0, 0)
    assert clock.now().elapsed_ms == 0
    hands.elapsed += 40
    assert clock.now().elapsed_ms == 40


def test_a_step_of_the_wall_clock_is_told_once_and_moves_no_wait() -> None:
    """Forward, then back."""
    hands = Hands(wall=1_000_000, elapsed=0)
    clock = HomeClock(hands, 0, 0)
    hands.wall += 3_600_000
    assert clock.stepped_ms() == 3_600_000
    assert clock.stepped_ms() == 0
    assert clock.now().elapsed_ms == 0
    hands.wall -= 3_600_000
    assert clock.stepped_ms() == -3_600_000


def test_drift_is_no_step_however_long_it_goes_on() -> None:
    """A second a look, for a day."""
    hands = Hands(wall=1_000_000, elapsed=0)
    clock = HomeClock(hands, 0, 0)
    for _ in range(1_000):
        hands.wall += 1_001
        hands.elapsed += 1_000
        assert clock.stepped_ms() == 0


class Booted(Hands):
    """A clock that knows since when its machine is on."""

    def boot(self) -> tuple[int, int]:
        """Boot 7, as long as it counts."""
        return 7, self.elapsed


def test_while_the_machine_was_on_its_own_count_says_what_passed() -> None:
    """The hub was down for a minute, and the calendar was set ten years ahead, or back, meanwhile."""
    hands = Booted(wall=1_000_000, elapsed=5_000)
    first = HomeClock(hands, 0, 0)
    hands.elapsed += 1_000
    hands.wall += 1_000
    last = first.now()
    for decade in (315_360_000_000, -315_360_000_000):
        after = Booted(wall=hands.wall + 60_000 + decade, elapsed=hands.elapsed + 60_000)
        clock = HomeClock(after, last.elapsed_ms, last.wall_ms, first.cursors)
        assert clock.now().elapsed_ms == last.elapsed_ms + 60_000
        assert clock.moved_ms == decade


def test_over_a_reboot_the_wall_clock_says_what_passed() -> None:
    """The machine counts anew."""
    kept = {"boot": 6, "boot_apart_ms": 0}
    clock = HomeClock(Booted(wall=1_060_000, elapsed=5), 500_000, 1_000_000, kept)
    assert clock.now().elapsed_ms == 560_000


def test_this_machine_knows_since_when_it_is_on() -> None:
    """Where its kernel says so; two looks at it are of the same boot."""
    clock = SystemClock()
    (boot, on_ms), (again, later_ms) = clock.boot(), clock.boot()
    assert boot == again
    assert 0 <= on_ms <= later_ms


def test_a_calendar_that_is_years_ahead_after_a_reboot_is_not_believed() -> None:
    """No wait is over because of it: whoever was told goes on being told, each at their time."""
    clock = HomeClock(Booted(wall=315_360_000_000, elapsed=5), 500_000, 1_000_000)
    assert clock.now().elapsed_ms == 500_000
    assert clock.moved_ms == 315_359_000_000
