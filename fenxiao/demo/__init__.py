"""A shop to try on one machine: sandbox, web and worker together, filled by workflows."""
