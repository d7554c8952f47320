"""What the hub asks about its broker: rights, drops, certificates."""
