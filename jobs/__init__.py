"""The face of the clock: ticks and the delivery worker."""
