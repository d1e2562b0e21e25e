from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

def rsa_verify(
    timestamp: str, nonce: str, body: str, signature: str, public_key: RSAPublicKey
) -> bool: ...
def aes_decrypt(
    nonce: str, ciphertext: str, associated_data: str, apiv3_key: str
) -> str | None: ...
