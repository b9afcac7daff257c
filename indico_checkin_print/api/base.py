"""What all endpoints of agents and receivers share: JSON in, JSON out, errors in words, limits."""

import msgspec
from flask import Response, request

from indico.web.rh import RH, custom_auth, json_errors

from print_agent.protocol import messages

from indico_checkin_print import sql
from indico_checkin_print.errors import APIError


def answer(data, status=200, headers=None):
    """Return a JSON response."""
    encode = messages.encode if isinstance(data, msgspec.Struct) else msgspec.json.encode
    return Response(encode(data), status=status, headers=headers, content_type='application/json')


class JSONRequest:
    """What handlers of programs share: errors in words, and bodies with a limit. A mixin for an ``RH``."""

    #: Largest body in bytes
    MAX_BODY = 2 * messages.MAX_MESSAGE

    def _do_process(self):
        try:
            return sql.despite_deadlock(super()._do_process)
        except APIError as exc:
            headers = {'Retry-After': str(exc.retry_after)} if exc.retry_after is not None else None
            return answer({'error': exc.reason, 'message': exc.detail}, exc.status, headers)

    @property
    def body(self):
        """The raw body. Raises `APIError` if it is too large."""
        if request.content_length is None:
            raise APIError(411, 'length_required', 'Send a Content-Length.')
        if request.content_length > self.MAX_BODY:
            raise APIError(413, 'too_large', f'The body may have at most {self.MAX_BODY} bytes.')
        return request.get_data()

    def read(self, shape):
        """Read the body as JSON of a msgspec shape. Raises `APIError` if it is none."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise APIError(400, 'bad_message', f'Not a valid message: {exc}'[:500])


@json_errors
@custom_auth
class RHAgentBase(JSONRequest, RH):
    """Base of the endpoints that bring their own authentication and know no session."""

    CSRF_ENABLED = False
