"""What devices say: presses, silence, gateways, walk tests, and the morning's list of what the night left."""
