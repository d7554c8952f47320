"""The past again: one configuration or two over recorded nights, and a plan on trial."""
