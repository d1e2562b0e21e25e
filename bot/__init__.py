"""The face of the distributors: the official account's messages and events."""

from flask import Blueprint

blueprint = Blueprint("bot", __name__, url_prefix="/wechat")
