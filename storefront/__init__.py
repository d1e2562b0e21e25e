"""The face of the customers, and the distributors' own pages, in WeChat's browser."""

from flask import Blueprint

blueprint = Blueprint("storefront", __name__)
