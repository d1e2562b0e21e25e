"""A picture that staff upload in a form."""

from datetime import datetime

from flask import request

from posters.pictures import PictureRejected
from web.collaborators import collaborators
from web.forms import InvalidField
from workflows.pictures import keep_picture


def uploaded_picture(field: str, now: datetime) -> int | None:
    """Keep the picture that a form carries; return its id, None if none was chosen.

    Raises:
        InvalidField: it can't be used; the sentence says why.
    """
    file = request.files.get(field)
    if file is None or not file.filename:
        return None
    try:
        return keep_picture(collaborators().sessions, file.read(), now)
    except PictureRejected as rejected:
        raise InvalidField(field, rejected.message) from rejected
