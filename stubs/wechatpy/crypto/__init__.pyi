class WeChatCrypto:
    def __init__(self, token: str, encoding_aes_key: str, app_id: str) -> None: ...
    def encrypt_message(self, msg: str, nonce: str, timestamp: str | None = None) -> str: ...
    def decrypt_message(
        self,
        msg: str | bytes,
        signature: str | None,
        timestamp: str | None,
        nonce: str | None,
    ) -> str: ...
