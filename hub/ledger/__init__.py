"""The ledger: one SQLite file that keeps events, decisions, alerts and what must still be carried out."""
