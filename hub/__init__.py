"""The only place that touches anything: MQTT, ledger, timers, outbox, notifiers, series."""
