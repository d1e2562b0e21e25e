"""The composition root: settings, wiring, the Flask application and the `fenxiao` command."""
