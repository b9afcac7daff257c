"""Keys for certificates of attendance, made for one test run: a CA, what it issues, and a timestamp server."""

import asyncio
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

from asn1crypto import tsp
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (BestAvailableEncryption, Encoding, NoEncryption,
                                                          PrivateFormat, pkcs12)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper


PASSWORD = 'a password of the tests'


class Authority:
    """A certificate authority."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._build('CA of the tests', self.key.public_key(), 3650, ca=True)

    def issue(self, name, key, days=365, *, begins_in=-1, timestamps=False):
        """Return a certificate for a key."""
        return self._build(name, key.public_key(), days, begins_in=begins_in, timestamps=timestamps)

    def _build(self, name, public_key, days, *, begins_in=-1, ca=False, timestamps=False):
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'CA of the tests')])
        start = datetime.now(UTC) + timedelta(days=begins_in)
        builder = (x509.CertificateBuilder()
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])).issuer_name(issuer)
                   .public_key(public_key).serial_number(x509.random_serial_number())
                   .not_valid_before(min(start, datetime.now(UTC) + timedelta(days=days) - timedelta(days=1)))
                   .not_valid_after(datetime.now(UTC) + timedelta(days=days))
                   .add_extension(x509.BasicConstraints(ca, None), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                                  critical=False)
                   .add_extension(x509.KeyUsage(digital_signature=not ca, content_commitment=not ca,
                                                key_encipherment=False, data_encipherment=False, key_agreement=False,
                                                key_cert_sign=ca, crl_sign=ca, encipher_only=False,
                                                decipher_only=False), critical=True))
        if timestamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self.key, SHA256())

    def asn1(self):
        """Return its certificate as pyHanko has it."""
        return asn1(self.certificate)


def asn1(certificate):
    return Asn1Certificate.load(certificate.public_bytes(Encoding.DER))


def new_key(kind='ec', bits=2048):
    return ec.generate_private_key(ec.SECP256R1()) if kind == 'ec' else rsa.generate_private_key(65537, bits)


def write_key(folder, key, certificate, authority, *, password=PASSWORD, name='key'):
    """Write a PKCS#12 file and one with its password. Return their paths."""
    key_file, password_file = folder / f'{name}.p12', folder / f'{name}.password'
    key_file.write_bytes(pkcs12.serialize_key_and_certificates(
        b'key', key, certificate, [authority.certificate], BestAvailableEncryption(PASSWORD.encode())))
    password_file.write_text(f'{password}\n')
    return str(key_file), str(password_file)


def conf_for(folder, authority):
    """Write a key that can sign, and return the lines of ``indico.conf`` that name it."""
    key = new_key()
    key_file, password_file = write_key(folder, key, authority.issue('Committee', key), authority)
    return (f'PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY = {key_file!r}\n'
            f'PLUGIN_CHECKIN_PRINT_CERTIFICATE_PASSWORD_FILE = {password_file!r}\n')


@contextmanager
def timestamp_server(authority):
    """Run a timestamp server (RFC 3161) on this machine. Yields its URL."""
    key = new_key('rsa')
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(asn1(authority.issue('Timestamps of the tests', key, timestamps=True)),
                               PrivateKeyInfo.load(der))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = tsp.TimeStampReq.load(self.rfile.read(int(self.headers['Content-Length'])))
            answer = asyncio.run(stamper.async_request_tsa_response(request)).dump()
            self.send_response(200)
            self.send_header('Content-Type', 'application/timestamp-reply')
            self.send_header('Content-Length', str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    with HTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}/'
        finally:
            server.shutdown()
            thread.join()
