"""What people see: the night board. It reads the ledger, and asks the hub over MQTT; it decides nothing."""
