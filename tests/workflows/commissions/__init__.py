"""Commission, from the frozen rate to the available balance."""
