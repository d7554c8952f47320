"""The demonstration: a whole home on one machine, with residents who walk and press, and carers who answer."""
