"""The page on which a person approves a device login.

The service's page asks for a login first; here whoever opens it is the account's owner.
"""

from html import escape
from urllib.parse import parse_qs

from crosswatch_trakt.adapters.simulator.oauth import OAuth
from crosswatch_trakt.adapters.simulator.world import World
from crosswatch_trakt.application.ports import Response

PATH = "/activate"

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Trakt simulator</title></head>
<body><h1>Trakt simulator</h1><p>{text}</p>
<form method="post"><label>Code <input name="user_code" autofocus></label>
<button>Approve</button> <button name="deny" value="1">Deny</button></form></body></html>"""


def page(world: World, oauth: OAuth, form: bytes | None) -> Response:
    """The form; with a form sent, what came of it."""
    if form is None:
        return _page(200, f"Type the code that your device shows, to sign in as {world.account.username}.")
    fields = parse_qs(form.decode("utf-8", errors="replace"))
    code = fields.get("user_code", [""])[0]
    denied = "deny" in fields
    if not oauth.decide(code, None if denied else world.account):
        return _page(404, f"No login is waiting with the code {code!r}.")
    return _page(200, "Denied." if denied else "Approved. Your device is signed in within seconds.")


def _page(status: int, text: str) -> Response:
    body = _PAGE.format(text=escape(text)).encode()
    return Response(status, {"content-type": "text/html; charset=utf-8"}, body)
