"""The programme's policy (分销政策) that who joins agrees to; everybody may read it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from storefront import blueprint
from web.collaborators import collaborators
from workflows.policies import policy_in_force


@blueprint.get("/policy")
def show_policy() -> ResponseReturnValue:
    """The version in force, in plain words."""
    tools = collaborators()
    with tools.sessions.read() as database:
        policy = policy_in_force(database, tools.now()).policy
    return render_template("storefront/policy/show.html", policy=policy)
