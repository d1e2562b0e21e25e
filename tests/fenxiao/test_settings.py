"""Every wrong setting stops the start with one line that names the key."""

import re
from pathlib import Path

import pytest

from fenxiao.settings import SettingsError, load

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

SECRETS = {
    "secret_key": "a-long-enough-text-that-nobody-would-guess-1",
    "data_key": "a-long-enough-text-that-nobody-would-guess-2",
    "app_secret": "0123456789abcdef0123456789abcdef",
    "token": "oursecrettoken",
    "encoding_aes_key": "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvuU",
    "api_v3_key": "0123456789abcdef0123456789abcdef",
}
GOOD = SECRETS | {
    "base_url": "https://shop.shuyu.cn",
    "app_id": "wx5823bf96d3bd56c7",
    "merchant_id": "1900000109",
    "certificate_serial": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
    "public_key_id": "PUB_KEY_ID_0116000000012024100800123456",
}


def _write(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    monkeypatch.setenv("FENXIAO_CONFIG", str(path))


def filled_in() -> str:
    """The example with secrets of one's own."""
    text = EXAMPLE.read_text()
    for key, value in GOOD.items():
        text = re.sub(rf'^{key} = ".*?"', f'{key} = "{value}"', text, flags=re.MULTILINE)
    return text


def test_thefilled_in_example_starts_in_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, filled_in(), monkeypatch)
    settings = load()
    assert settings.site.environment == "production"
    assert settings.site.host == "shop.shuyu.cn"


def test_the_example_itself_is_refused_in_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, EXAMPLE.read_text(), monkeypatch)
    with pytest.raises(SettingsError, match=r"\[site\] \w+ is an example's value"):
        load()


@pytest.mark.parametrize("key", GOOD)
def test_no_value_of_the_example_is_left_in_production(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = re.search(rf'^{key} = ".*?"', EXAMPLE.read_text(), flags=re.MULTILINE)
    assert example is not None
    text = re.sub(rf'^{key} = ".*?"', example[0], filled_in(), flags=re.MULTILINE)
    _write(tmp_path, text, monkeypatch)
    with pytest.raises(SettingsError, match=rf"\] {key} is an example's value: set your own"):
        load()


def test_one_secret_is_not_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = filled_in().replace(GOOD["data_key"], GOOD["secret_key"])
    _write(tmp_path, text, monkeypatch)
    with pytest.raises(SettingsError, match=r"\[site\] data_key must differ from secret_key"):
        load()


def test_the_example_explains_every_key() -> None:
    for line in EXAMPLE.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert "#" in line or line.startswith("corp_"), line


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("brand = ", "brnad = ", r"\[site\] brnad is no setting"),
        ("app_id = ", "# app_id = ", r"\[wechat\] app_id is missing"),
        (
            '"https://shop.shuyu.cn"',
            '"https://shop.shuyu.cn/"',
            r"\[site\] base_url: .*final",
        ),
        ('"https://shop.shuyu.cn"', '"http://shop.shuyu.cn"', r"must begin with https"),
        ('"https://shop.shuyu.cn"', '"https://m.example.org"', r"\[site\] base_url is an example"),
        ('"Asia/Shanghai"', '"Europe/Berlin"', r"\[site\] timezone: .*Asia/Shanghai"),
        ("levels = 1 ", "levels = 3 ", r"\[programme\] levels: "),
        ("levels = 1 ", "levels = 2 ", r"\[programme\] has_legal_acknowledgement: "),
        ("levels = 1 ", "levels = true ", r"\[programme\] levels"),
        ("hold_days = 7 ", "hold_days = -1 ", r"\[programme\] hold_days: "),
        ("levels = 1 ", "entry_fee_fen = 100\nlevels = 1 ", r"entry_fee_fen: .*入门费"),
        ("[wecom]", "[wecmo]", r"wecmo"),
        (
            '# api_base_url = "https://api.weixin.qq.com" ',
            'api_base_url = "http://127.0.0.1:8001" ',
            r"\[wechat\] api_base_url must be https://api.weixin.qq.com in production",
        ),
        ('environment = "production"', 'environment = "staging"', r"\[site\] environment"),
        ("[site]", "[site", r"not readable TOML"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = filled_in()
    assert old in text
    _write(tmp_path, text.replace(old, new, 1), monkeypatch)
    with pytest.raises(SettingsError, match=says) as caught:
        load()
    assert "\n" not in str(caught.value)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, filled_in(), monkeypatch)
    monkeypatch.setenv("FENXIAO_SITE__BRAND", "另一个品牌")
    assert load().site.brand == "另一个品牌"


@pytest.mark.parametrize("name", ["FENXIAO_SIET__BRAND", "FENXIAO_SITE__BRNAD", "FENXIAO_BRAND"])
def test_a_misspelt_variable_stops_the_start(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, filled_in(), monkeypatch)
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=name):
        load()


def test_a_missing_file_says_what_to_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENXIAO_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(SettingsError, match=r"copy config\.example\.toml"):
        load()


def test_secrets_never_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, filled_in(), monkeypatch)
    shown = repr(load())
    assert not [value for value in SECRETS.values() if value in shown]
