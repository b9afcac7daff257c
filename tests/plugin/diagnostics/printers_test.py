"""How fine the dots of a desk's printers are, and which of them turn what is turned already."""

from types import SimpleNamespace

import pytest

from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.diagnostics import printers
from indico_checkin_print.models.choices import BadgeKind


def desk(*media, model='Zebra', orientation=90, calibrated=False):
    agent = SimpleNamespace(printers=[{'name': 'Zebra', 'media': list(media), 'model': model,
                                       'calibrated': calibrated}])
    return SimpleNamespace(id=1, printers=[SimpleNamespace(
        desk_id=1, position=0, printer='Zebra', agent=agent, calibration={'orientation': orientation})])


#: Its badge has 96 x 134 mm
FORM = SimpleNamespace(kind=BadgeKind.badge, desk_id=None, backside=False, registration_form_id=1,
                       template=SimpleNamespace(id=1, data={'width': 480, 'height': 670}))


@pytest.mark.parametrize(('models', 'dpi'), [
    (['ZD421-300dpi'], 300), (['TSC 600dpi', 'ZD421-300dpi'], 300), (['QL-1110NWB', 'ZD421-600dpi'], 203), ([], 203)])
def test_the_coarsest_printer(models, dpi):
    assert printers.coarsest_dots([desk(model=model) for model in models]) == Dots(dpi)


@pytest.mark.parametrize(('changes', 'media', 'found'), [
    ({}, ['oe_badge_96x134mm'], True), ({'orientation': 270}, ['oe_badge_96x134mm'], True),
    # it has them as the calibration wants them, or any size
    ({}, ['oe_badge_96x134mm', 'oe_across_134x96mm'], False),
    ({}, ['oe_badge_96x134mm', 'custom_min_10x10mm', 'custom_max_200x200mm'], False),
    ({'orientation': 180}, ['oe_badge_96x134mm'], False), ({'calibrated': True}, ['oe_badge_96x134mm'], False),
    ({}, [], False)])
def test_turned_twice(changes, media, found):
    each = printers.turned_twice([desk(*media, **changes)], [FORM])
    assert [(x.label, x.degrees) for x in each] == [((96, 134), changes.get('orientation', 90))] * found
    assert all('96 x 134 mm' in str(x.words) for x in each)
