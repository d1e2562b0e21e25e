"""WeChat Pay v3, behind wechatpayv3 with our own guard."""
