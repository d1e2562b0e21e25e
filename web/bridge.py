"""What a page hands to WeChat's browser: payment sheet, receiving a transfer, share card.

`static/js/wechat.js` reads these; the names are WeChat's.
"""

from flask import Flask, Response, jsonify

from wechat.gateway import BridgeParameters, JsSignature


def payment_sheet(parameters: BridgeParameters) -> Response:
    """Answer a tap on `shared/wechat.html` `pay_button`: the payment sheet opens with it."""
    return jsonify(
        appId=parameters.app_id,
        timeStamp=parameters.timestamp,
        nonceStr=parameters.nonce,
        package=parameters.package,
        signType=parameters.sign_type,
        paySign=parameters.pay_sign,
    )


def share_config(signature: JsSignature) -> dict[str, str | int]:
    """Return what `wx.config` takes besides the list of interfaces."""
    return {
        "appId": signature.app_id,
        "timestamp": signature.timestamp,
        "nonceStr": signature.nonce,
        "signature": signature.signature,
    }


def install_bridge(app: Flask) -> None:
    """Let the macros of `shared/wechat.html` write a page's signature."""
    app.jinja_env.filters["share_config"] = share_config
