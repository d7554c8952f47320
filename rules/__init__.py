"""What it means: alerts, ladders, presses, episodes. Pure: no I/O, no clock; `now` is an argument."""
