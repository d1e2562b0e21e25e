"""The face of the brand's staff."""

from flask import Blueprint

blueprint = Blueprint("console", __name__, url_prefix="/console")
