from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

class Core:
    _private_key: RSAPrivateKey | None
    _gate_way: str
    def __init__(
        self,
        mchid: str,
        cert_serial_no: str,
        private_key: str,
        apiv3_key: str,
        *,
        proxy: Mapping[str, str] | None = None,
        timeout: tuple[float, float] | None = None,
        public_key: str | None = None,
        public_key_id: str | None = None,
    ) -> None: ...
    def _verify_signature(self, headers: Mapping[str, str], body: str) -> bool: ...
