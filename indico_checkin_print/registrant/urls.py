"""The URLs of people with a registration."""

from indico_checkin_print.registrant.certificate import RHAskForName, RHDownload


#: Below Indico's own pages of a registration form
PREFIX = '/event/<int:event_id>/registrations/<int:reg_form_id>/certificates'


def add_registrant_urls(blueprint):
    """Add them to the plugin's blueprint."""
    blueprint.add_url_rule(PREFIX + '/<uuid:uuid>.pdf', 'download_certificate', RHDownload)
    blueprint.add_url_rule(PREFIX + '/<uuid:uuid>/name', 'ask_for_name', RHAskForName, methods=('GET', 'POST'))
