"""The tab *Certificates*: the first steps, what is wrong with the key, and the types with how far each is."""


from indico_checkin_print.certificates.presets import ensure_types, types_of
from indico_checkin_print.management.base import WPCheckinPrint
from indico_checkin_print.management.certificates.base import RHCertificatesBase
from indico_checkin_print.management.certificates.counts import counts_of
from indico_checkin_print.management.certificates.guide import steps_of, the_key
from indico_checkin_print.management.certificates.words import people_in_words
from indico_checkin_print.management.desk_rules.choices import RuleChoices
from indico_checkin_print.management.visibility import sees_all


class RHCertificates(RHCertificatesBase):
    """Show the types of certificates of the event."""

    def _process(self):
        return WPCheckinPrint.render_template('certificates.html', self.event,
                                              **context(self.event, ensure_types(self.event)))


class RHCertificatesLive(RHCertificatesBase):
    """Return the parts of the tab that change; the page's script asks for them."""

    def _process(self):
        return WPCheckinPrint.render_template_func('certificates_live.html', event=self.event,
                                                   **context(self.event, types_of(self.event)))


def context(event, types):
    """Return what the tab shows."""
    counts, key, choices = counts_of(event, types), the_key(), RuleChoices(event)
    return {'types': types, 'counts': counts, 'key': key, 'steps': steps_of(event, types, counts, key),
            'people': {type_.id: people_in_words(type_, choices) for type_ in types}, 'sees_all': sees_all(event),
            'unsigned': [type_ for type_ in types if type_.enabled and not type_.signed],
            'needs_key': any(type_.enabled and type_.signed for type_ in types)}
