"""What pages hand to WeChat's browser."""

import json
import re

from flask import Flask, render_template_string

from tests.web.conftest import make_app, site_facts
from web.bridge import payment_sheet
from wechat.gateway import BridgeParameters, JsSignature

SDK = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
SHARE = """
  {% from "shared/wechat.html" import share_card %}
  {{ share_card(signature, title="</script><b>", text="x", link="https://l", picture_url="p") }}
"""
SIGNATURE = JsSignature(app_id="wx1", timestamp=1_700_000_000, nonce="n", signature="s")


def shared_by(app: Flask) -> str:
    """Write a page that has a share card."""
    with app.test_request_context("/", base_url="https://shop.example.cn"):
        return render_template_string(SHARE, signature=SIGNATURE)


def test_the_payment_sheet_gets_wechats_names(app: Flask) -> None:
    parameters = BridgeParameters(
        app_id="wx1",
        timestamp="1700000000",
        nonce="n",
        package="prepay_id=p",
        sign_type="RSA",
        pay_sign="s",
    )
    with app.test_request_context("/", base_url="https://shop.example.cn"):
        assert payment_sheet(parameters).json == {
            "appId": "wx1",
            "timeStamp": "1700000000",
            "nonceStr": "n",
            "package": "prepay_id=p",
            "signType": "RSA",
            "paySign": "s",
        }


def test_a_share_card_cannot_break_out_of_its_block(app: Flask) -> None:
    page = shared_by(app)
    found = re.search(r'id="share-card">(.*?)</script>', page)
    assert found is not None
    read = json.loads(found[1])
    assert read["card"]["title"] == "</script><b>"
    assert read["config"] == {
        "appId": "wx1",
        "timestamp": 1_700_000_000,
        "nonceStr": "n",
        "signature": "s",
    }


def test_the_js_sdk_is_loaded_only_where_it_is_configured(app: Flask) -> None:
    assert "res.wx.qq.com" not in shared_by(app)
    assert f'src="{SDK}"' in shared_by(make_app(site_facts(js_sdk_url=SDK)))
