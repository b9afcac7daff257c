"""Keeps other web sites, which run in the same browser, away from the local page.

A site can point its own name at 127.0.0.1 (DNS rebinding): so the Host must be ours. It can send requests to our
address: so the Origin must be ours, and the cookie is one that only our own pages send. It can show us in a frame: so
nobody may. Everything is refused before a route is looked up.
"""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from print_agent.errors import RequestRefused
from print_agent.web.auth import Keys


#: Nothing from anywhere else, nothing inline, no frames.
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
       "form-action 'none'; frame-ancestors 'none'")
HEADERS = {
    'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer', 'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin', 'Cache-Control': 'no-store',
}
#: Longest path with its query, in bytes.
MAX_PATH = 512
#: Anybody on this computer may fetch these: they reveal nothing.
OPEN = ('/static/', '/enter')


class Guard:
    """Checks every request before the application sees it.

    :param hosts: the values of Host (with port) under which we can be reached
    :param shut: the answer to a browser that opens the page without a cookie
    """

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Callable[[], frozenset[str]], cookie: Callable[[], str],
                 shut: Callable[[], Response]):
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._cookie = cookie
        self._shut = shut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        assert scope['type'] == 'http'  # uvicorn is configured to speak neither websocket nor lifespan

        async def send_with_headers(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
        except RequestRefused as exc:
            page = exc.status == 401 and scope['path'] == '/'
            answer = self._shut() if page else JSONResponse({'error': exc.reason, 'message': exc.detail}, exc.status)
            await answer(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist('host')
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts():
            raise RequestRefused(421, 'wrong_host', 'The page of the print agent is only under its own address.')
        origins = headers.getlist('origin')
        if origins and origins != [f'http://{hosts[0].lower()}']:
            raise RequestRefused(403, 'wrong_origin', 'Another web site may not use the print agent.')
        if headers.get('sec-fetch-site', 'none') not in ('none', 'same-origin'):
            raise RequestRefused(403, 'wrong_site', 'Another web site may not use the print agent.')
        if len(scope['raw_path']) + len(scope['query_string']) > MAX_PATH:
            raise RequestRefused(414, 'too_long', 'The address is too long.')
        if scope['path'].startswith(OPEN):
            return
        scheme, _, token = headers.get('authorization', '').partition(' ')
        if scheme.lower() == 'bearer':
            if not self._keys.is_token(token):
                raise RequestRefused(401, 'wrong_token', 'This is not the token of the running print agent.')
            return
        if not self._keys.is_session(cookie_parser(headers.get('cookie', '')).get(self._cookie(), '')):
            raise RequestRefused(401, 'no_token', 'Open the page of the print agent with: print-agent page')
        if scope['method'] not in ('GET', 'HEAD') and not origins:
            # Browsers send it with every POST.
            raise RequestRefused(403, 'no_origin', 'The header Origin is missing.')
