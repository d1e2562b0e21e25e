"""The load on a webhook: many keep-alive connections, each sends its next message when answered.

    python -m bench.load CONFIG PORT[,PORT …] CONNECTIONS SECONDS

A process of its own, one thread, messages sealed beforehand: the server is the bottleneck, not we.
Prints one JSON object. An answer that is neither an encrypted reply nor `success` raises.
"""

import json
import random
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.envelope import Envelope, read_envelope, sealed_part

MOST_PER_SECOND = 4000
PEOPLE = 400
SILENCE_SECONDS = 10.0
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
LATE = b"success"
# Of twenty messages: what people type at a shop is mostly nothing that a bot knows.
TEXTS = (
    *("这款精华适合敏感肌吗？", "什么时候发货呀", "有没有优惠", "好的谢谢", "请问可以退换吗"),
    *("面霜和精华哪个先用", "我想买两瓶", "孕妇能用吗", "你们家东西不错", "在哪里看物流"),
    *("？？？", "👍", "昨天下的单", "防晒霜多少钱", "能开发票吗", "包装坏了怎么办"),
)
COMMANDS = ("帮助", "你好")
# An entry of an older menu. Events have no number, so each has a key of its own.
CLICK = "<MsgType>event</MsgType><Event>CLICK</Event><EventKey>{}</EventKey>"
IMAGE = "<MsgType>image</MsgType><MediaId>m</MediaId>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found; latencies in milliseconds.

    `late` messages got `success` and their answer afterwards: they don't count as answered.
    """

    answered: int
    late: int
    per_second: float
    p50: float
    p99: float
    worst: float


class Line:
    """One keep-alive connection with its unanswered message."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_at = 0.0

    def send(self, message: bytes) -> None:
        """Send the next message."""
        self._sent_at = time.perf_counter()
        self.socket.sendall(message)

    def receive(self) -> tuple[bytes, float] | None:
        """Return the answer's body and its latency in seconds, once it is complete."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        self._received += part
        head, found, body = self._received.partition(HEAD_END)
        if not found:
            return None
        start = head.lower().index(LENGTH) + len(LENGTH)
        if len(body) < int(head[start:].split(b"\r", 1)[0]):
            return None
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(f"refused: {head[:60]!r} {body[:200]!r}")
        self._received = b""
        return body, time.perf_counter() - self._sent_at


def messages(envelope: Envelope, count: int) -> Iterator[bytes]:
    """Make requests that arrive for the first time, from a few hundred people."""
    chance = random.Random(7)  # noqa: S311 - a repeatable mix, not a secret
    first_id = time.time_ns()
    now = int(time.time())
    kinds = [*((_text(text)) for text in (*TEXTS, *COMMANDS)), CLICK, IMAGE]
    for number in range(count):
        kind = kinds[number % len(kinds)].format(first_id + number)
        person = chance.randrange(PEOPLE)
        yield _request(
            envelope,
            f"<xml><ToUserName>gh_bench</ToUserName><FromUserName>oBench{person:022}</FromUserName>"
            f"<CreateTime>{now}</CreateTime>{kind}<MsgId>{first_id + number}</MsgId></xml>",
        )


def _text(text: str) -> str:
    return f"<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content>"


def _request(envelope: Envelope, content: str) -> bytes:
    sealed = envelope.seal(content.encode())
    timestamp = str(int(time.time()))
    signature = envelope.sign(timestamp, "bench", sealed)
    body = f"<xml><ToUserName>gh_bench</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    return (
        f"POST /wechat/callback?timestamp={timestamp}&nonce=bench&encrypt_type=aes"
        f"&msg_signature={signature} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def run(
    ports: list[int], letters: list[bytes], lines: int, seconds: float
) -> tuple[Outcome, list[bytes]]:
    """Send until the time or the letters run out; return what was found and all bodies."""
    waiting = selectors.DefaultSelector()
    rest = iter(letters)
    latencies: list[float] = []
    bodies: list[bytes] = []
    start = time.perf_counter()
    for number in range(lines):
        line = Line(ports[number % len(ports)])
        waiting.register(line.socket, selectors.EVENT_READ, line)
        line.send(next(rest))
    busy = lines
    while busy:
        ready = waiting.select(SILENCE_SECONDS)
        if not ready:
            raise TimeoutError("the server fell silent")
        for key, _ in ready:
            line = key.data
            answer = line.receive()
            if answer is None:
                continue
            bodies.append(answer[0])
            latencies.append(answer[1])
            letter = next(rest, None) if time.perf_counter() - start < seconds else None
            if letter is None:
                busy -= 1
                waiting.unregister(line.socket)
                line.socket.close()
            else:
                line.send(letter)
    late = bodies.count(LATE)
    return _outcome(latencies, late, time.perf_counter() - start), bodies


def _outcome(latencies: list[float], late: int, seconds: float) -> Outcome:
    ordered = sorted(latencies)
    answered = len(ordered) - late
    return Outcome(
        answered=answered,
        late=late,
        per_second=answered / seconds,
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[len(ordered) * 99 // 100] * 1000,
        worst=ordered[-1] * 1000,
    )


def main(config: str, ports: str, lines: str, seconds: str) -> None:
    """Seal, send, check, print."""
    envelope = read_envelope(Path(config))
    letters = list(messages(envelope, int(float(seconds) * MOST_PER_SECOND)))
    outcome, bodies = run([*map(int, ports.split(","))], letters, int(lines), float(seconds))
    for body in bodies:
        if body != LATE and b"<Content><![CDATA[" not in envelope.open(sealed_part(body)):
            raise ValueError(f"not a reply: {body[:200]!r}")
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main(*sys.argv[1:])
