"""What the volunteers' pages share: who may use them, and a page without the menus of the management area."""

from functools import partial

from indico.modules.events.features.util import require_feature
from indico.modules.events.management.controllers import RHManageEventBase

from indico_checkin_print import sql
from indico_checkin_print.management.base import WPWithoutMenus, static


class WPVolunteer(WPWithoutMenus):
    """A page of the volunteers."""

    def get_extra_css_files(self):
        return [static('desk.css')]

    def get_extra_js_files(self):
        return [static('desk.js')]


class RHVolunteerBase(RHManageEventBase):
    """Base class of the volunteers' pages: the right to check people in is enough."""

    PERMISSION = ('registration', 'registration_checkin')

    def _do_process(self):
        return sql.despite_deadlock(partial(RHManageEventBase._do_process, self))

    def _process_args(self):
        RHManageEventBase._process_args(self)
        require_feature(self.event, 'registration')
