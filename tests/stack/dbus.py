"""A private D-Bus. The virtual IPP printers end at once when they find no system bus, and a bare machine has none."""

from tests.stack.process import Service


class DBus:
    """A bus on a socket in the folder; ``env`` makes other programs take it for the system's."""

    def __init__(self, folder):
        self.socket = folder / 'bus'
        self.service = Service('dbus', ['dbus-daemon', '--session', '--nofork', '--nopidfile', '--nosyslog',
                                        f'--address=unix:path={self.socket}'], folder, ready=self.socket.exists)

    @property
    def env(self):
        return {'DBUS_SYSTEM_BUS_ADDRESS': f'unix:path={self.socket}',
                'DBUS_SESSION_BUS_ADDRESS': f'unix:path={self.socket}'}

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()
