"""Every URL of the plugin."""

from indico.core.plugins import IndicoPluginBlueprint

from indico_checkin_print.api.agents import RHDocument, RHPair, RHPoll
from indico_checkin_print.api.badges import RHBadge, RHRequestBadge
from indico_checkin_print.api.choices import RHChoices
from indico_checkin_print.api.outcome import RHOutcome
from indico_checkin_print.desk.urls import add_desk_urls
from indico_checkin_print.management.urls import add_management_urls
from indico_checkin_print.public.pages import RHCertificate, RHCertificates, RHCheckFile, RHDownload
from indico_checkin_print.registrant.urls import add_registrant_urls


blueprint = IndicoPluginBlueprint('checkin_print', 'indico_checkin_print')

# Agents and receivers, which bring their own token or signature
blueprint.add_url_rule('/api/plugin/checkin-print/pair', 'pair', RHPair, methods=('POST',))
blueprint.add_url_rule('/api/plugin/checkin-print/poll', 'poll', RHPoll, methods=('POST',))
blueprint.add_url_rule('/api/plugin/checkin-print/document/<uuid:job>/<int:dispatch>', 'document', RHDocument)
blueprint.add_url_rule('/api/plugin/checkin-print/outcome/<uuid:job>', 'outcome', RHOutcome, methods=('POST',))

# Programs, with Indico's own tokens
blueprint.add_url_rule('/api/plugin/checkin-print/event/<int:event_id>/badges', 'api_badges', RHRequestBadge,
                       methods=('POST',))
blueprint.add_url_rule('/api/plugin/checkin-print/event/<int:event_id>/badges/<int:job_id>', 'api_badge', RHBadge)
blueprint.add_url_rule('/api/plugin/checkin-print/event/<int:event_id>/choices', 'api_choices', RHChoices)

# The public, with the number of a certificate, its PDF or its secret address
blueprint.add_url_rule('/c/', 'public_certificates', RHCertificates)
blueprint.add_url_rule('/c/<serial>', 'public_certificate', RHCertificate)
blueprint.add_url_rule('/c/<uuid:uuid>.pdf', 'public_certificate_pdf', RHDownload)
blueprint.add_url_rule('/c/check', 'public_certificate_file', RHCheckFile, methods=('POST',))

add_management_urls(blueprint)
add_desk_urls(blueprint)
add_registrant_urls(blueprint)
