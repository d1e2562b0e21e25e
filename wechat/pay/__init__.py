"""WeChat Pay v3, behind wechatpayv3 with our own guard.

Public-key mode: WeChat Pay's answers and notifications are verified with its public key.
"""

from wechat.pay.bills import MerchantBills
from wechat.pay.notifications import Notification, PaymentNotifications
from wechat.pay.payments import MerchantPayments

__all__ = ["MerchantBills", "MerchantPayments", "Notification", "PaymentNotifications"]
