"""What a running node does while its keeper is dead, and once it lives again: real processes.

    python -m tests.faults.keeper_gone FOLDER

Prints what was seen, as JSON, for the test to judge.
"""

import http.client
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from amana.node.clock import Clock, shift
from amana.node.processes import RunningNode, free_port
from tests.faults.house import NOW, House, a_house


def main() -> int:
    """Start a node, kill its keeper, look; start the keeper, look again."""
    data = Path(sys.argv[1]) / "node"
    with a_house(data, port=free_port()) as house:
        # The node lives at the moment at which its people were made.
        shift(data, NOW - Clock(None, is_demo=False).now() + timedelta(seconds=5))
        node = RunningNode(data)
        try:
            node.start_web()
            node.start_worker()
            print(json.dumps(_seen(house, node)))
        finally:
            node.stop()
            house.let_go()
    return 0


def _seen(house: House, node: RunningNode) -> dict[str, Any]:
    from amana.access.models import KeyWrap  # noqa: PLC0415 - after Django is pointed at the node
    from amana.access.queries import NO_EPOCH  # noqa: PLC0415
    from amana.access.rules import Role  # noqa: PLC0415
    from amana.exchange.actions import open_messages  # noqa: PLC0415
    from tests.cast import name_of  # noqa: PLC0415
    from tests.faults.whole import halves  # noqa: PLC0415
    from tests.faults.writes import brought  # noqa: PLC0415

    cookie = house.cast.cookie(name_of(Role.DESK)).hex()
    seen: dict[str, Any] = {"before": _ask(node, "GET", "/", cookie)[0]}
    house.keeper.kill()
    house.keeper.line.forget()

    status, headers, page = _ask(node, "GET", "/", cookie)
    seen |= {"reading": status, "retry_after": headers.get("Retry-After", "")}
    seen["says_so"] = any(
        said in page for said in ("Rien ne peut être lu", "Nothing can be read just now")
    )
    seen["names_in_it"] = [n for n in ("Inventé", "Inventée") if n in page]
    seen["signing_in"] = _sign_in(node, name_of(Role.SUPERVISOR))
    seen["stranger"] = _ask(node, "GET", "/cases/", "")[0]
    mid, carried = brought(house)
    status, _, receipt = _ask(node, "POST", "/exchange/messages", "", carried)
    seen |= {"takes_in": status, "receipt": bool(receipt)}
    seen["waiting"] = KeyWrap.objects.filter(epoch=NO_EPOCH).count()
    time.sleep(1)
    seen["worker_lives"] = node.worker is not None and node.worker.poll() is None

    house.keeper.start()
    seen["after"] = _ask(node, "GET", "/", cookie)[0]
    seen["left_waiting"] = _enclosed(house)
    seen["opened"] = open_messages(actor=house.who(Role.DESK), now=NOW)[0]
    seen["mid_is_there"] = mid
    seen["halves"] = halves(house)
    return seen


def _enclosed(house: House) -> int:
    """Let the waiting wraps be enclosed, by the worker or here; return how many have no layer."""
    from amana.access.actions.keys import enclose_waiting  # noqa: PLC0415
    from amana.access.models import KeyWrap  # noqa: PLC0415
    from amana.access.queries import NO_EPOCH  # noqa: PLC0415

    house.keeper.line.forget()
    enclose_waiting()
    return KeyWrap.objects.filter(epoch=NO_EPOCH).count()


def _sign_in(node: RunningNode, name: str) -> int:
    """Try to sign in as a browser does, with the form's own token."""
    from tests.cast import PASSWORD  # noqa: PLC0415

    host = f"{node.config.host}:{node.config.port}"
    connection = http.client.HTTPConnection("127.0.0.1", node.config.port, timeout=30)
    connection.request("GET", "/sign-in", headers={"Host": host})
    answer = connection.getresponse()
    page = answer.read().decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookie = (answer.headers.get("Set-Cookie") or "").partition(";")[0]
    fields = f"csrfmiddlewaretoken={token}&sign_in_name={name}&code=000000&password={PASSWORD}"
    headers = {
        "Host": host,
        "Cookie": cookie,
        "Origin": f"http://{host}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/sign-in", body=fields.replace(" ", "+"), headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _ask(
    node: RunningNode, method: str, path: str, cookie: str, body: bytes | None = None
) -> tuple[int, dict[str, str], str]:
    headers = {"Host": f"{node.config.host}:{node.config.port}", "Amana-Node": "CI"}
    if cookie:
        headers["Cookie"] = f"amana-ma={cookie}"
    if body is not None:
        headers["Content-Type"] = "application/octet-stream"
    connection = http.client.HTTPConnection("127.0.0.1", node.config.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
