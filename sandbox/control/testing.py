"""Control API: faults, the clock, recorded calls, knobs."""

import dataclasses
from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from sandbox.clock import iso_utc, real_now
from sandbox.control import fields
from sandbox.errors import ControlError
from sandbox.faults import FaultKind, NewFault
from sandbox.knobs import KnobError, as_json
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the calls that tests and the demo's time machine use."""
    api = Blueprint("control_testing", __name__, url_prefix="/sandbox/api")
    _add_faults(api, world)
    _add_clock(api, world)
    _add_calls(api, world)
    return api


def _add_faults(api: Blueprint, world: World) -> None:
    @api.post("/faults")
    def add_fault() -> tuple[Response, int]:
        body = fields.json_body()
        try:
            kind = FaultKind(fields.text(body, "kind"))
        except ValueError as error:
            raise ControlError(400, "kind", f"kind is one of {', '.join(FaultKind)}") from error
        fault_id = world.faults.add(
            NewFault(
                path=fields.text(body, "path"),
                kind=kind,
                count=int(fields.number(body, "count", 1)),
                seconds=fields.number(body, "seconds", 0),
                code=str(body.get("code", "")),
                message=fields.text(body, "message", ""),
                status=int(fields.number(body, "status", 500)),
            )
        )
        return jsonify({"fault_id": fault_id}), 201

    @api.get("/faults")
    def faults() -> Response:
        return jsonify({"faults": [dataclasses.asdict(fault) for fault in world.faults.all()]})

    @api.delete("/faults")
    def clear_faults() -> Response:
        world.faults.clear()
        return jsonify({})

    @api.delete("/faults/<int:fault_id>")
    def clear_fault(fault_id: int) -> Response:
        world.faults.clear(fault_id)
        return jsonify({})


def _add_clock(api: Blueprint, world: World) -> None:
    @api.get("/clock")
    def clock() -> Response:
        now = iso_utc(world.ground.clock.now())
        return jsonify({"now": now, "offset_seconds": world.ground.clock.offset_seconds})

    @api.post("/clock")
    def move_clock() -> Response:
        body, current = fields.json_body(), world.ground.clock
        if "now" in body:
            try:
                moment = datetime.fromisoformat(fields.text(body, "now"))
            except ValueError as error:
                raise ControlError(400, "now", "now must be an ISO 8601 time") from error
            if moment.tzinfo is None:
                raise ControlError(400, "now", "now needs an offset from UTC")
            current.move_to(moment.timestamp() - real_now())
        elif "offset_seconds" in body:
            current.move_to(fields.number(body, "offset_seconds", 0))
        else:
            forward = fields.number(body, "forward_seconds", 0)
            current.move_to(current.offset_seconds + forward)
        world.transfers.sweep()
        world.courier.wake()
        return clock()


def _add_calls(api: Blueprint, world: World) -> None:
    @api.get("/calls")
    def calls() -> Response:
        found, count = world.calls.find(
            request.args.get("path", ""),
            fields.query_number("after", 0),
            fields.query_number("limit", 200),
        )
        listed = [
            {"call_id": call_id, "at": iso_utc(at), **dataclasses.asdict(call)}
            for call_id, at, call in found
        ]
        return jsonify({"calls": listed, "count": count})

    @api.delete("/calls")
    def clear_calls() -> Response:
        world.calls.clear()
        return jsonify({})

    @api.get("/knobs")
    def knobs() -> Response:
        return jsonify(as_json(world.ground.knobs))

    @api.patch("/knobs")
    def turn_knobs() -> Response:
        try:
            world.ground.panel.change(fields.json_body())
        except KnobError as error:
            raise ControlError(400, "knobs", str(error)) from error
        world.courier.wake()
        return knobs()

    @api.post("/reset")
    def reset() -> Response:
        world.ground.store.clear()
        world.ground.panel.knobs = world.ground.settings.knobs
        return jsonify({})
