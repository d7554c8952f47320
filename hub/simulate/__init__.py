"""Believable days of a home: its residents with their characters, and what their devices would say of them."""
