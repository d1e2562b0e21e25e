"""Control API: changes of the daily bills, so that somebody can find a difference."""

import dataclasses
from datetime import date

from flask import Blueprint, Response, jsonify

from sandbox.bills import BillChange, BillKind, ChangeKind
from sandbox.control import fields
from sandbox.errors import ControlError
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the calls about bills."""
    api = Blueprint("control_bills", __name__, url_prefix="/sandbox/api")

    @api.post("/bills/changes")
    def change_bill() -> tuple[Response, int]:
        body = fields.json_body()
        try:
            change = BillChange(
                bill=BillKind(fields.text(body, "bill")),
                day=date.fromisoformat(fields.text(body, "day")),
                kind=ChangeKind(fields.text(body, "kind")),
                number=fields.text(body, "number", ""),
                amount_fen=int(fields.number(body, "amount_fen", 0)),
                state=fields.text(body, "state", ""),
            )
        except ValueError as error:
            raise ControlError(400, "change", str(error)) from error
        return jsonify({"change_id": world.bills.change(change)}), 201

    @api.get("/bills/changes")
    def bill_changes() -> Response:
        found = [
            {**dataclasses.asdict(change), "day": change.day.isoformat()}
            for change in world.bills.changes()
        ]
        return jsonify({"changes": found})

    @api.delete("/bills/changes")
    def clear_bill_changes() -> Response:
        world.bills.clear()
        return jsonify({})

    return api
