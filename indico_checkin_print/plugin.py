"""The plugin as Indico sees it: its settings, and the modules that listen to Indico."""

from indico.core import signals
from indico.core.plugins import IndicoPlugin, PluginCategory

from indico_checkin_print.badge import qr
from indico_checkin_print.management import menu
from indico_checkin_print.management.registrations import column, hooks
from indico_checkin_print.registrant import section
from indico_checkin_print.settings import DEFAULTS
from indico_checkin_print.signals import checkin, cloning, corrections, deletion, templates


class CheckinPrintPlugin(IndicoPlugin):
    """Check-in Print

    Prints the badge of an attendee at the check-in desk the moment they are checked in.
    """

    category = PluginCategory.other
    plugin_config_defaults = DEFAULTS

    def init(self):
        super().init()
        for room in (checkin, corrections, deletion, cloning, templates, hooks, column, menu, section, qr):
            room.connect(self)
        self.connect(signals.core.import_tasks, self._import_tasks)
        self.connect(signals.plugin.cli, self._extend_cli)

    def get_blueprints(self):
        from indico_checkin_print.blueprint import blueprint
        return blueprint

    def _import_tasks(self, sender, **kwargs):
        import indico_checkin_print.tasks  # noqa: F401

    def _extend_cli(self, sender, **kwargs):
        from indico_checkin_print.cli import cli
        return cli
