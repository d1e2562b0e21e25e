"""Numbers which WeChat changes, or which stored documents disagree on: all in one place."""

from dataclasses import asdict, dataclass, fields, replace


class KnobError(ValueError):
    """A knob that doesn't exist, or a value of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Every number that can be turned; durations in seconds, sizes in bytes, money in fen."""

    # Customer-service windows (客服消息): how many messages within how long after which act.
    user_message_count: int = 5
    user_message_seconds: int = 48 * 3600
    menu_click_count: int = 3
    menu_click_seconds: int = 60
    subscribe_count: int = 3
    subscribe_seconds: int = 60
    scan_count: int = 3
    scan_seconds: int = 60
    payment_seconds: int = 48 * 3600
    text_bytes: int = 2048
    # Credentials; these run on real time.
    token_seconds: int = 7200
    token_overlap_seconds: int = 300
    force_refresh_per_day: int = 20
    force_refresh_gap_seconds: float = 30.0
    oauth_code_seconds: int = 300
    # Daily quotas; a day is Asia/Shanghai by the sandbox's clock.
    token_per_day: int = 2000
    stable_token_per_day: int = 500_000
    custom_send_per_day: int = 500_000
    qrcode_per_day: int = 100_000
    user_info_per_day: int = 5_000_000
    user_get_per_day: int = 500
    media_upload_per_day: int = 100_000
    menu_create_per_day: int = 1000
    ticket_per_day: int = 1_000_000
    tag_per_day: int = 500_000
    clear_quota_per_month: int = 10
    # One number for the calls a minute of any one path.
    calls_per_minute: int = 60_000
    image_bytes: int = 10 * 1024 * 1024
    media_seconds: int = 3 * 86400
    permanent_qr_limit: int = 100_000
    temporary_qr_seconds: int = 2_592_000
    tag_limit: int = 100
    # Callbacks to the application.
    callback_tries: int = 3
    callback_timeout_seconds: float = 5.0
    reply_articles_after_message: int = 1
    reply_articles: int = 8
    # Pay v3.
    signature_age_seconds: int = 300
    notify_timeout_seconds: float = 5.0
    notify_time_scale: float = 1.0
    notify_url_must_be_https: bool = False
    prepay_seconds: int = 7200
    payment_seconds_default: int = 7 * 86400
    payment_seconds_max: int = 90 * 86400
    refund_days: int = 365
    refund_count: int = 50
    refund_gap_seconds: int = 60
    refund_settles_after_seconds: float = 0.5
    transfer_min_fen: int = 10
    transfer_max_fen: int = 20_000
    transfer_name_from_fen: int = 200_000
    transfer_accept_seconds: float = 0.0
    transfer_confirm_seconds: int = 24 * 3600
    opening_balance_fen: int = 100_000_000_00
    pay_calls_per_minute: int = 60_000
    # What WeChat Pay keeps of a payment, in basis points; a refund gives its part back.
    pay_fee_bp: int = 60
    # Daily bills: from which hour of the next day, for how many days, how long a link works.
    bill_hour: int = 10
    bill_days: int = 90
    bill_link_seconds: int = 300


def turn(knobs: Knobs, changes: dict[str, object]) -> Knobs:
    """Return `knobs` with `changes`. Raises: KnobError for an unknown name or a wrong type."""
    types = {field.name: type(getattr(knobs, field.name)) for field in fields(Knobs)}
    accepted: dict[str, int | float | bool] = {}
    for name, value in changes.items():
        if name not in types:
            raise KnobError(f"unknown knob: {name}")
        if types[name] is float and type(value) is int:
            accepted[name] = float(value)
        elif isinstance(value, (int, float)) and type(value) is types[name]:
            accepted[name] = value
        else:
            raise KnobError(f"knob {name} must be {types[name].__name__}")
    return replace(knobs, **accepted)  # type: ignore[arg-type]


def as_json(knobs: Knobs) -> dict[str, int | float | bool]:
    """Return all knobs by name."""
    return asdict(knobs)


class Panel:
    """Holds the knobs in force; a test may turn them while the sandbox runs."""

    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs

    def change(self, changes: dict[str, object]) -> Knobs:
        """Turn some knobs and return all."""
        self.knobs = turn(self.knobs, changes)
        return self.knobs
