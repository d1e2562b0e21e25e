from enum import Enum

class WeChatPayType(Enum):
    JSAPI = 0

class SignType(Enum):
    RSA_SHA256 = 0
