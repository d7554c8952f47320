"""Everything of one resident erased from what Handrail keeps, once they live here no more."""
