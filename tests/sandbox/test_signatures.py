"""The sandbox's payment cryptography agrees with an independent implementation."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1
from wechatpayv3.utils import aes_decrypt, rsa_verify

from sandbox import signatures
from sandbox.settings import Merchant
from tests.sandbox.callers import API_V3_KEY


def test_another_implementation_verifies_what_we_sign(merchant: Merchant) -> None:
    message = signatures.lines("1700000000", "nonce", '{"金额":1}')
    signature = signatures.sign(merchant.platform_private_key, message)
    public_key = merchant.platform_private_key.public_key()

    assert rsa_verify("1700000000", "nonce", '{"金额":1}', signature, public_key)
    assert not rsa_verify("1700000000", "nonce", '{"金额":2}', signature, public_key)


@pytest.mark.parametrize("associated_data", ["transaction", ""])
def test_another_implementation_opens_a_resource(associated_data: str) -> None:
    sealed = signatures.seal_resource(API_V3_KEY.encode(), '{"名":"李"}'.encode(), associated_data)
    opened = aes_decrypt(sealed["nonce"], sealed["ciphertext"], associated_data, API_V3_KEY)

    assert opened == '{"名":"李"}'
    assert len(sealed["nonce"]) == 12


@pytest.mark.parametrize("signature", ["", "%%", "AAAA"])
def test_junk_is_no_signature(merchant: Merchant, signature: str) -> None:
    assert not signatures.is_signed(merchant.merchant_public_key, signature, b"message")


def test_a_field_for_another_key_is_not_read(merchant: Merchant) -> None:
    padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303
    for_us = merchant.platform_private_key.public_key().encrypt("李雷".encode(), padding)
    for_another = merchant.merchant_public_key.encrypt("李雷".encode(), padding)

    assert signatures.decrypt_field(merchant.platform_private_key, _base64(for_us)) == "李雷"
    assert signatures.decrypt_field(merchant.platform_private_key, _base64(for_another)) is None


@pytest.mark.parametrize(
    "header",
    ["", "Bearer x", 'WECHATPAY2-SHA256-RSA2048 mchid="1"', 'OTHER mchid="1",nonce_str="2"'],
)
def test_other_headers_are_no_authorization(header: str) -> None:
    assert signatures.parse_authorization(header) is None


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
