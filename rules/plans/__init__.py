"""A resident's plan: its rules as data, how they start, help and end, and the plan in plain English."""
