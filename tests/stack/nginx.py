"""nginx before the relays, with the very lines that docs/install.md gives to administrators."""

import re
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, accepts, free_port


DOC = Path(__file__).resolve().parents[2] / 'docs' / 'install.md'
CONF = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {upstream}
    server {{
        listen {port};
        {location}
    }}
}}
"""


class Nginx:
    """One nginx that spreads agents over relays."""

    def __init__(self, folder, relay_ports):
        self.port = free_port()
        self.folder = subfolder(folder, 'nginx')
        text = DOC.read_text()
        upstream = re.search(r'^upstream .*?^}', text, re.MULTILINE | re.DOTALL)[0]
        location = re.search(r'^location = /checkin-print/ws .*?^}', text, re.MULTILINE | re.DOTALL)[0]
        servers = '\n'.join(f'    server 127.0.0.1:{port};' for port in relay_ports)
        upstream = re.sub(r'(^ *server .*;\n?)+', servers + '\n', upstream, flags=re.MULTILINE)
        name = re.match(r'upstream (\S+)', upstream)[1]
        location = re.sub(r'proxy_pass .*;', f'proxy_pass http://{name};', location)
        conf = self.folder / 'nginx.conf'
        conf.write_text(CONF.format(folder=self.folder, port=self.port, upstream=upstream, location=location))
        self.service = Service('nginx', ['nginx', '-p', self.folder, '-c', conf], folder,
                               ready=lambda: accepts(self.port))

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()
