"""What staff are told: levels and ladders, how an alert begins, climbs and ends, and whom it reaches."""
