"""Where a certificate is on the web. They are printed in codes, so they never change."""

from indico.core.config import config


#: The public page of a certificate, by its serial: so short that the code stays coarse (version 3 of ISO/IEC 18004)
VALIDATION_PATH = '/c/'


def validation_url(serial):
    """Return the URL that says whether a certificate is genuine."""
    return f'{config.BASE_URL}{VALIDATION_PATH}{serial}'
