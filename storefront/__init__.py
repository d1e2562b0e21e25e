"""The face of the customers, and the distributors' own pages, in WeChat's browser.

`storefront.pages` imports every view, which puts it on this blueprint.
"""

from flask import Blueprint

blueprint = Blueprint("storefront", __name__)
