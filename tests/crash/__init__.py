"""A scripted day, killed at every statement and every call, must end like the undisturbed one."""
