"""What the volunteers' pages share: who may use them, and a page without the menus of the management area."""

from functools import partial

from markupsafe import Markup

from indico.core.plugins import WPJinjaMixinPlugin
from indico.modules.events.features.util import require_feature
from indico.modules.events.management.controllers import RHManageEventBase
from indico.web.views import WPBase

from indico_checkin_print import sql
from indico_checkin_print.management.base import static


class WPVolunteer(WPJinjaMixinPlugin, WPBase):
    """A page of one event that fits a phone: Indico's styles, none of its menus."""

    def __init__(self, rh, *, title, **kwargs):
        super().__init__(rh, title=title, **kwargs)
        self.title = title

    def get_extra_css_files(self):
        return [static('desk.css')]

    def get_extra_js_files(self):
        return [static('desk.js')]

    def _get_head_content(self):
        return Markup('<meta name="viewport" content="width=device-width, initial-scale=1">')

    def _display(self, params):
        return self._get_page_content(params | self._kwargs)


class RHVolunteerBase(RHManageEventBase):
    """Base class of the volunteers' pages: the right to check people in is enough."""

    PERMISSION = ('registration', 'registration_checkin')

    def _do_process(self):
        return sql.despite_deadlock(partial(RHManageEventBase._do_process, self))

    def _process_args(self):
        RHManageEventBase._process_args(self)
        require_feature(self.event, 'registration')
