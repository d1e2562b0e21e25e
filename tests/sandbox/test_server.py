"""The command: keys, configuration, a clean stop, state that survives."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from sandbox import keys
from sandbox.keys import KeyFiles
from sandbox.settings import SettingsError, load
from tests.sandbox.conftest import AES_KEY
from tests.sandbox_client import Sandbox


def configuration(files: KeyFiles, **changes: str) -> str:
    values = {
        "aes": AES_KEY,
        "api_v3_key": "k" * 32,
        "more": "",
        "public": "merchant_public.pem",
        **changes,
    }
    return f"""
[account]
app_id = "wx5823bf96d3bd56c7"
app_secret = "s"
token = "t"
encoding_aes_key = "{values["aes"]}"
callback_url = "http://127.0.0.1:9/wechat/callback"
[pay]
merchant_id = "1900000001"
api_v3_key = "{values["api_v3_key"]}"
certificate_serial = "{files.certificate_serial}"
merchant_public_key_file = "{files.merchant_public.parent / values["public"]}"
platform_key_id = "{files.public_key_id}"
platform_private_key_file = "{files.platform_private}"
[knobs]
notify_time_scale = 1
{values["more"]}
"""


def test_keys_are_made_once(tmp_path: Path) -> None:
    made = keys.generate(tmp_path)
    again = keys.generate(tmp_path)

    assert made == again
    assert made.merchant_private.stat().st_mode & 0o077 == 0
    assert re.fullmatch(r"5[0-9A-F]{39}", made.certificate_serial)
    assert re.fullmatch(r"PUB_KEY_ID_\d{32}", made.public_key_id)


def test_a_configuration_is_read(tmp_path: Path, key_files: KeyFiles) -> None:
    path = tmp_path / "sandbox.toml"
    path.write_text(configuration(key_files, more="transfer_max_fen = 50000"))
    settings = load(path)

    assert settings.knobs.transfer_max_fen == 50000
    assert settings.knobs.notify_time_scale == 1.0
    assert settings.data_dir is None
    assert len(settings.account.aes_key) == 32


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aes": "short"}, "encoding_aes_key"),
        ({"api_v3_key": "short"}, "api_v3_key"),
        ({"more": "no_such_knob = 1"}, "unknown knob: no_such_knob"),
        ({"more": '[other]\nx = "y"'}, "unknown key: other"),
        ({"more": "text_bytes ="}, "sandbox.toml"),
        ({"public": "missing.pem"}, "merchant_public_key_file"),
        ({"public": "keys.toml"}, "not a public key"),
    ],
)
def test_a_wrong_configuration_is_refused(
    tmp_path: Path, key_files: KeyFiles, changes: dict[str, str], message: str
) -> None:
    path = tmp_path / "sandbox.toml"
    path.write_text(configuration(key_files, **changes))
    with pytest.raises(SettingsError, match=message):
        load(path)


def start(path: Path, data: Path) -> tuple[subprocess.Popen[str], str]:
    program = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--config", path, "--data", data],
        stdout=subprocess.PIPE,
        text=True,
    )
    line = _output(program).readline()
    assert line.startswith("sandbox ready on "), line
    return program, line.split()[-1]


def _output(program: "subprocess.Popen[str]") -> IO[str]:
    assert program.stdout is not None
    return program.stdout


@pytest.mark.sockets
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_second_start_keeps_the_state(
    tmp_path: Path, key_files: KeyFiles, how: signal.Signals
) -> None:
    path, data = tmp_path / "sandbox.toml", tmp_path / "data"
    path.write_text(configuration(key_files))
    program, url = start(path, data)
    client = Sandbox(url)
    phone = client.add_phone("小李", is_following=True)
    client.say(phone, "在吗")
    client.forward(3600)
    client.close()
    program.send_signal(how)
    assert program.wait(timeout=20) == 0
    _output(program).close()

    program, url = start(path, data)
    client = Sandbox(url)
    assert client.phone(phone)["is_following"] is True
    assert client.messages(phone)[0]["text"] == "在吗"
    assert client.call("GET", "/clock")["offset_seconds"] == 3600
    client.close()
    program.terminate()
    assert program.wait(timeout=20) == 0
    _output(program).close()


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "sandbox", "--config", tmp_path / "none.toml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 2
    assert "none.toml" in answer.stderr

    made = subprocess.run(
        [sys.executable, "-m", "sandbox", "keys", tmp_path / "keys"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "PUB_KEY_ID_" in made.stdout
    assert (tmp_path / "keys" / "merchant_private.pem").exists()
