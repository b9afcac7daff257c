"""A name service that is slow or fails is no refusal."""

import socket
import time

import pytest

from indico_checkin_print.delivery import guard
from indico_checkin_print.delivery.guard import check_url, resolve
from indico_checkin_print.errors import NameServiceError


def test_name_service_without_answer(monkeypatch):
    monkeypatch.setattr(guard, 'RESOLVE_TIMEOUT', 0.05)
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *args, **kwargs: time.sleep(0.5))
    with pytest.raises(NameServiceError):
        check_url('https://public.example.com/')


def test_name_service_that_fails(monkeypatch):
    def _fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_AGAIN, 'Temporary failure in name resolution')

    monkeypatch.setattr(socket, 'getaddrinfo', _fail)
    with pytest.raises(NameServiceError, match='Temporary failure'):
        resolve('public.example.com', 443)
