"""`python -m sandbox`: play the platform, or make key pairs."""

import argparse
import logging
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from sandbox import keys
from sandbox.server import Server
from sandbox.settings import SettingsError, load


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status."""
    if arguments[:1] == ["keys"]:
        return _make_keys(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the TOML configuration")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--data", type=Path, help="keep state in this directory")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = load(options.config)
    except SettingsError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    if options.data is not None:
        settings = replace(settings, data_dir=options.data)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    server = Server(settings, options.host, options.port)
    server.start()
    print(f"sandbox ready on {server.url}", flush=True)
    stopping.wait()
    server.stop()
    return 0


def _make_keys(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox keys")
    parser.add_argument("folder", type=Path)
    files = keys.generate(parser.parse_args(arguments).folder)
    print(f"certificate_serial = {files.certificate_serial}")
    print(f"public_key_id = {files.public_key_id}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
