"""What surrounds every platform call: faults before and after it, its record, its error shape."""

import socket
import time

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sandbox.calls import Call
from sandbox.errors import ApiError, BridgeError, ControlError, PayError
from sandbox.faults import Fault, FaultKind
from sandbox.world import World

PLATFORM = ("/cgi-bin/", "/sns/", "/v3/", "/connect/")
PAY = "/v3/"
SUMMARY_CHARACTERS = 4000


def install(app: Flask, world: World) -> None:
    """Put the gate around the application."""

    @app.before_request
    def meet_faults() -> Response | None:
        if not request.path.startswith(PLATFORM):
            return None
        delay = world.faults.take(request.path, FaultKind.DELAY)
        if delay is not None:
            time.sleep(delay.seconds)
        if world.faults.take(request.path, FaultKind.DROP):
            g.is_hung_up = True
            return Response()
        fault = world.faults.take(request.path, FaultKind.ERROR)
        if fault is not None:
            raise _error(fault)
        return None

    @app.after_request
    def lose_and_record(response: Response) -> Response:
        if not request.path.startswith(PLATFORM):
            return response
        if "is_hung_up" not in g and world.faults.take(request.path, FaultKind.LATE):
            g.is_hung_up = True
        # Before the caller notices, who may ask for the record, or call again, at once.
        world.calls.record(_call(response))
        if "is_hung_up" in g:
            _hang_up()
        return response

    _install_errors(app)


def _install_errors(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        return jsonify(error.body())

    @app.errorhandler(PayError)
    def pay_error(error: PayError) -> tuple[Response, int]:
        return jsonify(error.body()), error.status

    @app.errorhandler(ControlError)
    def control_error(error: ControlError) -> tuple[Response, int]:
        return jsonify({"error": error.code, "message": error.message}), error.status

    @app.errorhandler(BridgeError)
    def bridge_error(error: BridgeError) -> tuple[Response, int]:
        body = {"err_msg": error.err_msg, "error": error.code, "message": error.message}
        return jsonify(body), 409

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | tuple[Response, int]:
        status = error.code or 500
        if request.path.startswith(PAY):
            code = "NOT_FOUND" if status == 404 else "INVALID_REQUEST"
            return pay_error(PayError(status, code, error.name))
        if request.path.startswith(("/cgi-bin/", "/sns/")):
            if status == 405:
                return api_error(ApiError(43002 if request.method == "GET" else 43001))
            return api_error(ApiError(40066 if status == 404 else -1))
        return control_error(ControlError(status, error.name, error.description or ""))


def _error(fault: Fault) -> ApiError | PayError:
    if request.path.startswith(PAY):
        return PayError(fault.status, fault.code or "SYSTEM_ERROR", fault.message or "系统异常")
    code = int(fault.code) if fault.code.lstrip("-").isdigit() else -1
    return ApiError(code, fault.message or None)


def _hang_up() -> None:
    """Close the connection under the answer, so that the caller gets none."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)


def _call(response: Response) -> Call:
    answer = response.get_json(silent=True) if response.is_json else None
    code = ""
    if isinstance(answer, dict):
        code = str(answer.get("errcode") or answer.get("code") or "")
    return Call(
        method=request.method,
        path=request.path,
        target=raw_target(),
        status=0 if "is_hung_up" in g else response.status_code,
        code=code,
        request=_request_summary(),
        response=_summary(response.content_type, response.get_data()),
    )


def _request_summary() -> str:
    try:
        content = request.get_data()
    except RequestEntityTooLarge:
        return f"<{request.content_length} bytes, refused>"
    return _summary(request.content_type, content)


def raw_target() -> str:
    """Return the request's target as it came over the wire: path, and query if any."""
    target: str = request.environ["REQUEST_URI"]
    return target


def _summary(content_type: str | None, content: bytes) -> str:
    kind = content_type or ""
    if kind.startswith(("application/json", "text/")) or not kind:
        return content.decode(errors="replace")[:SUMMARY_CHARACTERS]
    return f"<{len(content)} bytes of {kind.partition(';')[0]}>"
