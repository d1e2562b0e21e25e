"""Who of the brand's staff may do what, which passwords are good, and when is a login slowed?"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.errors import RuleViolation


class Role(StrEnum):
    """A member of staff has exactly one role."""

    OWNER = "owner"
    OPERATIONS = "operations"
    FINANCE = "finance"
    SUPPORT = "support"
    TRAINER = "trainer"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing that staff may do in the console."""

    VIEW_DASHBOARD = "view_dashboard"
    VIEW_DISTRIBUTORS = "view_distributors"
    REVIEW_APPLICATIONS = "review_applications"
    MANAGE_DISTRIBUTORS = "manage_distributors"
    VIEW_CATALOGUE = "view_catalogue"
    MANAGE_CATALOGUE = "manage_catalogue"
    VIEW_ORDERS = "view_orders"
    SHIP_ORDERS = "ship_orders"
    CANCEL_ORDERS = "cancel_orders"
    REFUND_ORDERS = "refund_orders"
    SEE_CUSTOMER_CONTACT = "see_customer_contact"
    VIEW_COMMISSIONS = "view_commissions"
    HOLD_COMMISSIONS = "hold_commissions"
    VIEW_PAYOUTS = "view_payouts"
    APPROVE_PAYOUTS = "approve_payouts"
    SEE_PAYOUT_ACCOUNTS = "see_payout_accounts"
    VIEW_STATEMENTS = "view_statements"
    VIEW_RECONCILIATION = "view_reconciliation"
    SETTLE_RECONCILIATION = "settle_reconciliation"
    VIEW_MATERIALS = "view_materials"
    MANAGE_MATERIALS = "manage_materials"
    VIEW_TRAINING = "view_training"
    MANAGE_TRAINING = "manage_training"
    VIEW_CAMPAIGNS = "view_campaigns"
    MANAGE_CAMPAIGNS = "manage_campaigns"
    VIEW_POLICY = "view_policy"
    PROPOSE_POLICY = "propose_policy"
    MANAGE_POLICY = "manage_policy"
    MANAGE_STAFF = "manage_staff"
    VIEW_AUDIT = "view_audit"
    RUN_AUDIT = "run_audit"


_VIEW: Final = frozenset(
    {
        Permission.VIEW_DASHBOARD,
        Permission.VIEW_DISTRIBUTORS,
        Permission.VIEW_CATALOGUE,
        Permission.VIEW_ORDERS,
        Permission.VIEW_COMMISSIONS,
        Permission.VIEW_PAYOUTS,
        Permission.VIEW_MATERIALS,
        Permission.VIEW_TRAINING,
        Permission.VIEW_CAMPAIGNS,
        Permission.VIEW_POLICY,
    }
)

PERMISSIONS: Final = MappingProxyType(
    {
        Role.OWNER: frozenset(Permission),
        Role.OPERATIONS: _VIEW
        | {
            Permission.REVIEW_APPLICATIONS,
            Permission.MANAGE_DISTRIBUTORS,
            Permission.MANAGE_CATALOGUE,
            Permission.SHIP_ORDERS,
            Permission.CANCEL_ORDERS,
            Permission.REFUND_ORDERS,
            Permission.SEE_CUSTOMER_CONTACT,
            Permission.MANAGE_MATERIALS,
            Permission.MANAGE_TRAINING,
            Permission.MANAGE_CAMPAIGNS,
        },
        Role.FINANCE: _VIEW
        | {
            Permission.HOLD_COMMISSIONS,
            Permission.APPROVE_PAYOUTS,
            Permission.SEE_PAYOUT_ACCOUNTS,
            Permission.VIEW_STATEMENTS,
            Permission.VIEW_RECONCILIATION,
            Permission.SETTLE_RECONCILIATION,
            Permission.REFUND_ORDERS,
            Permission.VIEW_AUDIT,
            Permission.RUN_AUDIT,
            Permission.PROPOSE_POLICY,
        },
        Role.SUPPORT: _VIEW
        | {
            Permission.SHIP_ORDERS,
            Permission.CANCEL_ORDERS,
            Permission.SEE_CUSTOMER_CONTACT,
        },
        Role.TRAINER: frozenset(
            {
                Permission.VIEW_DASHBOARD,
                Permission.VIEW_DISTRIBUTORS,
                Permission.VIEW_CATALOGUE,
                Permission.VIEW_MATERIALS,
                Permission.MANAGE_MATERIALS,
                Permission.VIEW_TRAINING,
                Permission.MANAGE_TRAINING,
                Permission.VIEW_CAMPAIGNS,
                Permission.MANAGE_CAMPAIGNS,
            }
        ),
        Role.VIEWER: _VIEW,
    }
)
"""A row is a role and all it may do. Nobody else approves money but finance and the owner.

Finance may draw up a policy and try it on past orders; only the owner publishes one.
"""


class PermissionMissing(RuleViolation):
    """The role doesn't have the permission."""

    code = "permission_missing"
    message = "您没有进行这个操作的权限，请联系管理员。"

    def __init__(self, role: Role, permission: Permission) -> None:
        self.role = role
        self.permission = permission
        super().__init__()


def is_permitted(role: Role, permission: Permission) -> bool:
    """Return whether the role has the permission."""
    return permission in PERMISSIONS[role]


def check_permission(role: Role, permission: Permission) -> None:
    """Refuse what the role may not do.

    Raises: PermissionMissing.
    """
    if not is_permitted(role, permission):
        raise PermissionMissing(role, permission)


PASSWORD_MIN_LENGTH: Final = 10
PASSWORD_MAX_LENGTH: Final = 128
"""Long enough for a sentence, short enough that hashing it can't be used to tire the server."""

_MIN_DISTINCT: Final = 5
_WELL_KNOWN: Final = frozenset(
    {
        "1234567890",
        "12345678910",
        "0123456789",
        "9876543210",
        "0987654321",
        "qwertyuiop",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "password123",
        "password1234",
        "passw0rd123",
        "admin123456",
        "administrator",
        "woaini1314520",
        "woaini5201314",
        "iloveyou1314",
        "5201314520",
        "fenxiao123",
        "fenxiao1234",
        "fenxiao123456",
    }
)


class PasswordRefused(RuleViolation):
    """A password that isn't good enough."""

    code = "password_refused"
    message = "密码不符合要求，请换一个。"


def check_password(password: str, login: str) -> None:
    """Refuse a password that is short, endless, well known, monotonous or made of the login.

    Length matters more than kinds of characters: a sentence is welcome.

    Raises: PasswordRefused.
    """
    if len(password) < PASSWORD_MIN_LENGTH:
        raise PasswordRefused(f"密码至少需要 {PASSWORD_MIN_LENGTH} 个字符。")
    if len(password) > PASSWORD_MAX_LENGTH:
        raise PasswordRefused(f"密码最多 {PASSWORD_MAX_LENGTH} 个字符。")
    if any(unicodedata.category(character) == "Cc" for character in password):
        raise PasswordRefused("密码不能包含控制字符。")
    lowered = password.lower()
    if lowered in _WELL_KNOWN or len(set(lowered)) < _MIN_DISTINCT:
        raise PasswordRefused("这个密码太容易被猜到，请换一个。")
    name = login.strip().lower()
    if name and lowered.replace(name, "", 1).strip("0123456789!@#._-") == "":
        raise PasswordRefused("密码不能由登录名组成，请换一个。")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLimit:
    """Free tries, then a wait that doubles with each further failure inside the window."""

    free_failures: int = 5
    first_wait_seconds: int = 30
    longest_wait_seconds: int = 900
    window_seconds: int = 3_600
    address_failures: int = 30


LOGIN_LIMIT: Final = LoginLimit()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailures:
    """Failed logins inside the window, by this login name and by this network address."""

    by_login: int
    by_address: int
    last_at: datetime | None


class LoginThrottled(RuleViolation):
    """Too many failures: try again at `retry_at` (aware UTC)."""

    code = "login_throttled"
    message = "登录失败次数过多，请稍后再试。"

    def __init__(self, retry_at: datetime, now: datetime) -> None:
        self.retry_at = retry_at
        minutes = max(1, -(-int((retry_at - now).total_seconds()) // 60))
        super().__init__(f"登录失败次数过多，请 {minutes} 分钟后再试。")


def check_login_rate(
    failures: LoginFailures, now: datetime, limit: LoginLimit = LOGIN_LIMIT
) -> None:
    """Refuse a login attempt while its wait runs, before the password is looked at.

    Failures older than `limit.window_seconds` must not be counted by the caller.

    Raises: LoginThrottled.
    """
    if failures.last_at is None:
        return
    excess = max(
        failures.by_login - limit.free_failures, failures.by_address - limit.address_failures
    )
    if excess < 0:
        return
    seconds = min(limit.first_wait_seconds * 2 ** min(excess, 20), limit.longest_wait_seconds)
    retry_at = failures.last_at + timedelta(seconds=seconds)
    if now < retry_at:
        raise LoginThrottled(retry_at, now)


LOGIN_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


class LoginNameRefused(RuleViolation):
    """A login name that can't be used, or that somebody has."""

    code = "login_name_refused"
    message = "登录名要用 2–32 个小写字母、数字、点或短横线。"


def check_login_name(login: str) -> str:
    """Return a new member's login name in lower case.

    Raises: LoginNameRefused.
    """
    lowered = login.strip().lower()
    if LOGIN_NAME.fullmatch(lowered) is None:
        raise LoginNameRefused
    return lowered


class LoginRefused(RuleViolation):
    """A login that failed; it never says whether the name or the password was wrong."""

    code = "login_refused"
    message = "登录名或密码不正确。"


class StaffChangeRefused(RuleViolation):
    """A change of staff that would lock everybody out, or that changes nothing."""

    code = "staff_change_refused"
    message = "这个员工账号现在不能这样修改。"


SESSION_IDLE: Final = timedelta(hours=4)
SESSION_LIFETIME: Final = timedelta(hours=12)
"""A login lasts a working day at most, and ends earlier when nobody uses it."""


def is_session_live(last_seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Return whether a login still holds. Real time, aware UTC."""
    return now < expires_at and now < last_seen_at + SESSION_IDLE
