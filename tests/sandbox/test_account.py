"""Menus, QR codes, followers and tags."""

import re
from io import BytesIO

import pytest
from PIL import Image

from sandbox import qrcodes
from tests.sandbox.callers import AccountApi, Json
from tests.sandbox_client import Phone, Refused, Sandbox

pytestmark = pytest.mark.sockets


def click(name: str = "我的", key: str = "ME") -> Json:
    return {"type": "click", "name": name, "key": key}


def parent(*children: Json) -> Json:
    return {"name": "更多", "sub_button": list(children)}


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([], 40016),
        ([click()] * 4, 40016),
        ([{"type": "tap", "name": "我的", "key": "ME"}], 40017),
        ([click(name="六个汉字超长")], 40018),
        ([click(name="")], 40018),
        ([click(key="")], 40019),
        ([click(key="k" * 129)], 40019),
        ([{"type": "view", "name": "商城", "url": "shop"}], 40020),
        ([parent(*[click()] * 6)], 40023),
        ([parent({"type": "tap", "name": "我的"})], 40024),
        ([parent(click(name="一" * 14))], 40025),
        ([parent(click(key=""))], 40026),
        ([parent({"type": "view", "name": "商城", "url": ""})], 40027),
    ],
)
def test_menus_that_are_refused(
    api: AccountApi, sandbox: Sandbox, buttons: list[Json], code: int
) -> None:
    assert api.post("/menu/create", {"button": buttons})["errcode"] == code
    assert sandbox.menu() is None


def test_a_menu_is_kept_shown_and_taken_away(api: AccountApi, sandbox: Sandbox, li: Phone) -> None:
    menu = {"button": [click(name="五个汉字好"), parent(click(name="一" * 13), click(key="B"))]}
    assert api.post("/menu/create", menu)["errcode"] == 0

    shown = sandbox.menu()
    assert shown == api.get("/menu/get")["menu"]
    assert sandbox.press(li, 1, 1)["key"] == "B"
    with pytest.raises(Refused, match="no_button"):
        sandbox.press(li, 2)
    with pytest.raises(Refused, match="no_button"):
        sandbox.press(li, 1)

    assert api.get("/menu/delete")["errcode"] == 0
    assert api.get("/menu/get")["errcode"] == 46003


def qr(action: str, seconds: object = None, **scene: object) -> Json:
    body: Json = {"action_name": action, "action_info": {"scene": scene}}
    return body if seconds is None else {**body, "expire_seconds": seconds}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (qr("QR_OTHER", scene_id=1), 40052),
        ({"action_name": "QR_SCENE"}, 40053),
        (qr("QR_SCENE", scene_id=0), 40053),
        (qr("QR_SCENE", scene_id=2**32), 40053),
        (qr("QR_SCENE", scene_id="1"), 40053),
        (qr("QR_LIMIT_SCENE", scene_id=100_001), 40053),
        (qr("QR_LIMIT_STR_SCENE", scene_str=""), 40053),
        (qr("QR_LIMIT_STR_SCENE", scene_str="s" * 65), 40053),
        (qr("QR_STR_SCENE", 0, scene_str="s"), 40097),
    ],
)
def test_qr_codes_that_are_refused(api: AccountApi, body: Json, code: int) -> None:
    assert api.post("/qrcode/create", body)["errcode"] == code


def test_a_permanent_code_has_a_picture_that_contains_its_url(api: AccountApi) -> None:
    made = api.post("/qrcode/create", qr("QR_LIMIT_STR_SCENE", scene_str="s" * 64))

    assert set(made) == {"ticket", "url"}
    shown = api.raw("GET", "/cgi-bin/showqrcode", params={"ticket": made["ticket"]})
    assert qrcodes.read(shown.content) == made["url"]
    with Image.open(BytesIO(shown.content)) as picture:
        assert picture.size == (430, 430)
    assert api.raw("GET", "/cgi-bin/showqrcode", params={"ticket": "x"}).status_code == 404


def test_permanent_codes_are_limited_temporary_ones_expire(
    api: AccountApi, sandbox: Sandbox, li: Phone
) -> None:
    sandbox.turn(permanent_qr_limit=1)
    first = api.post("/qrcode/create", qr("QR_LIMIT_SCENE", scene_id=7))
    assert api.post("/qrcode/create", qr("QR_LIMIT_SCENE", scene_id=7)) == first
    assert api.post("/qrcode/create", qr("QR_LIMIT_SCENE", scene_id=8))["errcode"] == 45029

    made = api.post("/qrcode/create", qr("QR_STR_SCENE", 60, scene_str="t"))
    assert made["expire_seconds"] == 60
    long = api.post("/qrcode/create", qr("QR_SCENE", 9_999_999, scene_id=1))
    assert long["expire_seconds"] == 2_592_000
    assert sandbox.scan(li, made["url"])["outcome"] == "scanned"
    sandbox.forward(61)
    assert sandbox.scan(li, made["url"])["outcome"] == "expired"
    assert sandbox.scan(li, long["url"])["outcome"] == "scanned"


def test_reading_a_code_out_of_a_poster(sandbox: Sandbox, wang: Phone, api: AccountApi) -> None:
    made = api.post("/qrcode/create", qr("QR_LIMIT_STR_SCENE", scene_str="poster"))
    shown = api.raw("GET", "/cgi-bin/showqrcode", params={"ticket": made["ticket"]}).content
    poster = Image.new("RGB", (750, 1334), "#b2333d")
    with Image.open(BytesIO(shown)) as code:
        poster.paste(code.resize((190, 190)), (500, 1080))
    output = BytesIO()
    poster.save(output, "JPEG", quality=85)

    assert sandbox.decode(wang, output.getvalue()) == made["url"]
    scan = sandbox.scan_picture(wang, output.getvalue())
    assert (scan["outcome"], scan["ticket"]) == ("follow_page", made["ticket"])
    assert sandbox.decode(wang, b"junk") is None
    assert sandbox.scan(wang, "http://shop/r/1")["outcome"] == "open_url"
    assert sandbox.scan(wang, "6901234567892")["outcome"] == "text"


def test_followers_are_listed_and_described(
    api: AccountApi, sandbox: Sandbox, li: Phone, wang: Phone
) -> None:
    made = api.post("/qrcode/create", qr("QR_LIMIT_STR_SCENE", scene_str="d9"))
    sandbox.scan_and_follow(wang, made["url"])

    listed = api.get("/user/get")
    assert listed["data"]["openid"] == [li.openid, wang.openid]
    assert api.get("/user/get", next_openid=li.openid)["data"]["openid"] == [wang.openid]
    info = api.get("/user/info", openid=wang.openid)
    assert (info["subscribe"], info["qr_scene_str"], info["nickname"]) == (1, "d9", "")

    sandbox.unfollow(wang)
    gone = {"subscribe": 0, "openid": wang.openid, "tagid_list": []}
    assert api.get("/user/info", openid=wang.openid) == gone
    assert api.get("/user/info", openid="o" * 28)["errcode"] == 40003
    people = {"user_list": [{"openid": li.openid}, {"openid": wang.openid}]}
    both = api.post("/user/info/batchget", people)["user_info_list"]
    assert [person["subscribe"] for person in both] == [1, 0]


def test_tags(api: AccountApi, sandbox: Sandbox, li: Phone, wang: Phone) -> None:
    tag = api.post("/tags/create", {"tag": {"name": "金牌"}})["tag"]
    members = {"tagid": tag["id"], "openid_list": [li.openid]}

    assert api.post("/tags/create", {"tag": {"name": "金牌"}})["errcode"] == 45157
    assert api.post("/tags/create", {"tag": {"name": "长" * 31}})["errcode"] == 45158
    assert api.post("/tags/members/batchtagging", members)["errcode"] == 0
    assert api.get("/tags/get")["tags"] == [{"id": tag["id"], "name": "金牌", "count": 1}]
    assert api.post("/tags/getidlist", {"openid": li.openid})["tagid_list"] == [tag["id"]]
    assert api.post("/user/tag/get", {"tagid": tag["id"]})["data"]["openid"] == [li.openid]

    strangers = {"tagid": tag["id"], "openid_list": [wang.openid]}
    assert api.post("/tags/members/batchtagging", strangers)["errcode"] == 40003
    too_many = {"tagid": tag["id"], "openid_list": [li.openid] * 51}
    assert api.post("/tags/members/batchtagging", too_many)["errcode"] == 40032
    assert api.post("/tags/delete", {"tag": {"id": 2}})["errcode"] == 45058
    assert api.post("/tags/delete", {"tag": {"id": 999}})["errcode"] == 45159
    assert api.post("/tags/members/batchuntagging", members)["errcode"] == 0
    assert api.post("/tags/update", {"tag": {"id": tag["id"], "name": "银牌"}})["errcode"] == 0
    assert api.post("/tags/delete", {"tag": {"id": tag["id"]}})["errcode"] == 0
    sandbox.turn(tag_limit=0)
    assert api.post("/tags/create", {"tag": {"name": "铜牌"}})["errcode"] == 45056


def test_a_phone_is_made_once_and_can_have_a_known_openid(sandbox: Sandbox) -> None:
    first = sandbox.add_phone("陈", phone_id="chen", openid="oKnown00001")
    again = sandbox.add_phone("陈", phone_id="chen")

    assert first == again
    assert re.fullmatch(r"o[0-9A-Za-z_-]{27}", sandbox.add_phone("林").openid)
    with pytest.raises(Refused, match="openid"):
        sandbox.add_phone("冯", openid="oKnown00001")
    with pytest.raises(Refused, match="phone_id"):
        sandbox.add_phone("冯", phone_id="Feng_1")
