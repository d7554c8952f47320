"""What people ask of it: with an alert, from a room, on the floor, of a device."""
