"""A parcel as staff type it: the carrier and the tracking number."""

from typing import Final

from rules.shipments import CARRIERS, Parcel
from web.forms import Form

LONGEST_NUMBER: Final = 40
CARRIER_CHOICES: Final = tuple((name, name) for name in CARRIERS)


def sent_parcel(form: Form) -> Parcel:
    """Read what was typed; whether it can be tracked, the workflow says.

    Raises: web.forms.InvalidField.
    """
    return Parcel(
        carrier=form.text("carrier", "快递公司", max_length=20),
        tracking_number=form.text("tracking_number", "快递单号", max_length=LONGEST_NUMBER),
    )
