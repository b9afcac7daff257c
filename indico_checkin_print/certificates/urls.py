"""Where a certificate is on the web. They are printed in codes and sent in e-mails, so they never change."""

from urllib.parse import urlencode

from indico.core.config import config


#: The public page of a certificate, by its serial: so short that the code stays coarse (version 3 of ISO/IEC 18004)
VALIDATION_PATH = '/c/'


def validation_url(serial):
    """Return the URL that says whether a certificate is genuine."""
    return f'{config.BASE_URL}{VALIDATION_PATH}{serial}'


def linkedin_url(name, organization, issued_on, serial):
    """Return the URL that adds a certificate to one's profile on LinkedIn.

    :param name: What the certificate is called there.
    :param issued_on: A date.
    """
    return 'https://www.linkedin.com/profile/add?' + urlencode({
        'startTask': 'CERTIFICATION_NAME', 'name': name, 'organizationName': organization, 'issueYear': issued_on.year,
        'issueMonth': issued_on.month, 'certUrl': validation_url(serial), 'certId': serial})


def download_url(uuid):
    """Return the URL of the PDF of a certificate; only who was given it knows it."""
    return f'{config.BASE_URL}{VALIDATION_PATH}{uuid}.pdf'
