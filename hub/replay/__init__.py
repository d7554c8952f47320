"""The past and plans on trial, read from a ledger or a file and shown."""
