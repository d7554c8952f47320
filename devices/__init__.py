"""What a device can say and be told. Pure: no I/O, no clock; one file per ecosystem."""
