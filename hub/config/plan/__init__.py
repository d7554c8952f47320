"""A resident's plan as people write it: its forms, and what each compiles to."""
