"""The watcher: a separate small process that tells raw presses to everybody while the hub is silent."""
