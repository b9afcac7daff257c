"""What indico.conf says, checked; what makes no sense is named."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from indico_checkin_print import settings
from indico_checkin_print.errors import SettingError


def test_defaults(configure):
    configure()
    assert settings.allowed_networks() == ()
    assert settings.keep_jobs() == timedelta(days=365)
    assert settings.relay_url() == 'wss://indico.example.com/checkin-print/ws'
    assert settings.manual_url('desks') == ''


def test_what_the_administrator_says(configure):
    configure(ALLOWED_NETWORKS=['10.20.0.0/16', '192.168.7.1'], KEEP_JOBS_DAYS=None,
              RELAY_URL='wss://relay.example.com/ws', MANUAL_URL='https://example.com/manual')
    assert settings.allowed_networks() == (ip_network('10.20.0.0/16'), ip_network('192.168.7.1'))
    assert settings.keep_jobs() is None
    assert settings.relay_url() == 'wss://relay.example.com/ws'
    assert settings.manual_url('desks') == 'https://example.com/manual#desks'


@pytest.mark.parametrize(('name', 'value', 'read'), [
    ('ALLOWED_NETWORKS', ['10.20.0.0/33'], settings.allowed_networks),
    ('ALLOWED_NETWORKS', 7, settings.allowed_networks),
    ('KEEP_JOBS_DAYS', 0, settings.keep_jobs), ('KEEP_JOBS_DAYS', True, settings.keep_jobs),
    ('KEEP_JOBS_DAYS', '365', settings.keep_jobs)])
def test_what_makes_no_sense_is_named(configure, name, value, read):
    configure(**{name: value})
    with pytest.raises(SettingError, match=f'PLUGIN_CHECKIN_PRINT_{name}'):
        read()
