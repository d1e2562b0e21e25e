from collections.abc import Mapping, Sequence

from wechatpayv3.core import Core
from wechatpayv3.type import SignType as SignType
from wechatpayv3.type import WeChatPayType as WeChatPayType

class WeChatPay:
    _core: Core
    def __init__(
        self,
        wechatpay_type: WeChatPayType,
        mchid: str,
        private_key: str,
        cert_serial_no: str,
        appid: str,
        apiv3_key: str,
        notify_url: str | None = None,
        *,
        proxy: Mapping[str, str] | None = None,
        timeout: tuple[float, float] | None = None,
        public_key: str | None = None,
        public_key_id: str | None = None,
    ) -> None: ...
    def sign(self, data: Sequence[str]) -> str: ...
    def trade_bill(
        self, bill_date: str, bill_type: str = ..., tar_type: str = ...
    ) -> tuple[int, str | bytes]: ...
    def fundflow_bill(
        self, bill_date: str, account_type: str = ..., tar_type: str = ...
    ) -> tuple[int, str | bytes]: ...
    def pay(
        self,
        description: str,
        out_trade_no: str,
        amount: Mapping[str, object],
        payer: Mapping[str, str] | None = None,
        time_expire: str | None = None,
    ) -> tuple[int, str | bytes]: ...
    def close(self, out_trade_no: str) -> tuple[int, str | bytes]: ...
    def query(self, *, out_trade_no: str) -> tuple[int, str | bytes]: ...
    def refund(
        self,
        out_refund_no: str,
        amount: Mapping[str, object],
        *,
        out_trade_no: str,
        reason: str | None = None,
        notify_url: str | None = None,
    ) -> tuple[int, str | bytes]: ...
    def query_refund(self, out_refund_no: str) -> tuple[int, str | bytes]: ...
    def mch_transfer_bills(
        self,
        out_bill_no: str,
        transfer_scene_id: str,
        openid: str,
        transfer_amount: int,
        transfer_remark: str,
        user_name: str | None = None,
        *,
        transfer_scene_report_infos: Sequence[Mapping[str, str]] = ...,
        notify_url: str | None = None,
    ) -> tuple[int, str | bytes]: ...
    def mch_transfer_bills_cancel(self, out_bill_no: str) -> tuple[int, str | bytes]: ...
    def mch_transfer_bills_query(self, out_bill_no: str) -> tuple[int, str | bytes]: ...
