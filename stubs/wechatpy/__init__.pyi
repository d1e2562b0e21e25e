from wechatpy.client import WeChatClient as WeChatClient
