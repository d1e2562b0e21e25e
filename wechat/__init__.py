"""The only importer of wechatpy and wechatpayv3, the only caller of WeChat's hosts."""
