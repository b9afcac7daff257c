"""The URLs of the volunteers' pages."""

from indico_checkin_print.desk import board, scan_badges, walk_in
from indico_checkin_print.desk.badge_progress import RHBadgeProgress
from indico_checkin_print.desk.edit_print import RHEditPrint
from indico_checkin_print.desk.kiosk import pages as kiosk
from indico_checkin_print.desk.my_desk import RHLeaveDesk, RHMyDesk, RHShortLink, RHTakeDesk
from indico_checkin_print.desk.people import RHFindPeople
from indico_checkin_print.desk.posters import RHPosters
from indico_checkin_print.desk.scan_station import RHScan, RHScanOnly, RHScanStation, RHUndoScan


PREFIX = '/event/<int:event_id>/desk'
#: Kiosks, which know their event by their token
KIOSK_PREFIX = '/kiosk/'


def add_desk_urls(blueprint):
    """Add the pages to the plugin's blueprint."""
    def _add(rule, endpoint, rh, *methods):
        blueprint.add_url_rule(PREFIX + rule, endpoint, rh, methods=methods)

    _add('/', 'my_desk', RHMyDesk, 'GET')
    _add('/<int:desk_id>/', 'take_desk', RHTakeDesk, 'GET', 'POST')
    _add('/leave', 'leave_desk', RHLeaveDesk, 'POST')
    _add('/posters', 'posters', RHPosters, 'GET')
    # The board of a desk
    _add('/<int:desk_id>/board', 'board', board.RHBoard, 'GET')
    _add('/<int:desk_id>/board/live', 'board_live', board.RHBoardLive, 'GET')
    _add('/<int:desk_id>/board/ticket', 'board_ticket', board.RHBoardTicket, 'GET')
    _add('/<int:desk_id>/board/pause', 'board_pause', board.RHBoardPause, 'POST')
    _add('/<int:desk_id>/board/call', 'board_call', board.RHBoardCall, 'POST')
    _add('/<int:desk_id>/board/call/end', 'board_end_call', board.RHBoardEndCall, 'POST')
    _add('/<int:desk_id>/board/jobs/<int:job_id>/reprint', 'board_reprint', board.RHBoardReprint, 'POST')
    _add('/<int:desk_id>/board/jobs/<int:job_id>/came-out', 'board_came_out', board.RHBoardCameOut, 'POST')
    _add('/<int:desk_id>/board/jobs/<int:job_id>/missed', 'board_missed', board.RHBoardMissed, 'POST')
    _add('/<int:desk_id>/board/jobs/<int:job_id>/retry', 'board_retry', board.RHBoardRetry, 'POST')
    _add('/<int:desk_id>/board/jobs/<int:job_id>/release', 'board_release', board.RHBoardRelease, 'POST')
    # The scan station
    _add('/scan/', 'scan_station', RHScanStation, 'GET')
    _add('/scan/answer', 'scan', RHScan, 'POST')
    _add('/scan/check-in-only', 'scan_only', RHScanOnly, 'POST')
    _add('/scan/undo', 'undo_scan', RHUndoScan, 'POST')
    _add('/scan/people', 'find_people', RHFindPeople, 'GET')
    _add('/scan/badges/<int:registration_id>', 'badge_progress', RHBadgeProgress, 'GET')
    _add('/scan/jobs/<int:job_id>/reprint', 'scan_reprint', scan_badges.RHScanReprint, 'POST')
    _add('/scan/jobs/<int:job_id>/came-out', 'scan_came_out', scan_badges.RHScanCameOut, 'POST')
    _add('/scan/jobs/<int:job_id>/missed', 'scan_missed', scan_badges.RHScanMissed, 'POST')
    _add('/scan/jobs/<int:job_id>/retry', 'scan_retry', scan_badges.RHScanRetry, 'POST')
    _add('/scan/jobs/<int:job_id>/release', 'scan_release', scan_badges.RHScanRelease, 'POST')
    _add('/scan/edit/<int:registration_id>', 'edit_print', RHEditPrint, 'GET', 'POST')
    # Those who come without a registration
    _add('/walk-in/', 'walk_in', walk_in.RHWalkIn, 'GET')
    _add('/walk-in/<int:reg_form_id>/', 'walk_in_form', walk_in.RHWalkInForm, 'GET', 'POST')
    _add('/walk-in/<int:reg_form_id>/known', 'walk_in_known', walk_in.RHWalkInKnown, 'GET')
    _add('/walk-in/<int:reg_form_id>/<int:registration_id>/', 'walk_in_person', walk_in.RHWalkInPerson, 'GET')
    _add('/walk-in/<int:reg_form_id>/<int:registration_id>/live', 'walk_in_live', walk_in.RHWalkInLive, 'GET')
    _add('/walk-in/<int:reg_form_id>/<int:registration_id>/check-in', 'walk_in_check_in', walk_in.RHWalkInCheckIn,
         'POST')
    # All that a kiosk may do. Its cookie is sent to these URLs only
    for rule, endpoint, rh, method in (
            ('', 'kiosk', kiosk.RHKiosk, 'GET'), ('pair', 'kiosk_pair', kiosk.RHPairKiosk, 'POST'),
            ('alive', 'kiosk_alive', kiosk.RHKioskAlive, 'POST'), ('scan', 'kiosk_scan', kiosk.RHKioskScan, 'POST'),
            ('print', 'kiosk_print', kiosk.RHKioskPrint, 'POST'),
            ('badge', 'kiosk_badge', kiosk.RHKioskBadge, 'POST'), ('call', 'kiosk_call', kiosk.RHKioskCall, 'POST')):
        blueprint.add_url_rule(KIOSK_PREFIX + rule, endpoint, rh, methods=(method,))
    # short enough to be typed from the page on the wall
    blueprint.add_url_rule('/desk/<int:desk_id>', 'short_link', RHShortLink)
