"""The official account, behind wechatpy with our own tokens and time limits."""
