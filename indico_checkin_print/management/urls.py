"""The URLs of the event manager's pages."""

from indico_checkin_print.management.batches.contact_sheet import (RHChooseContactSheet, RHContactSheet,
                                                                   RHContactSheetPart)
from indico_checkin_print.management.batches.pages import (RHBatch, RHBatchLive, RHCancelBatch, RHCreateBatch,
                                                           RHPauseBatch)
from indico_checkin_print.management.batches.sheets import RHDownloadSheets, RHMakeSheets
from indico_checkin_print.management.certificates.actions import RHActOnCertificates, RHRevokeCertificates
from indico_checkin_print.management.certificates.correct import RHCorrectName
from indico_checkin_print.management.certificates.files import RHCertificatePDF, RHCertificateZIP
from indico_checkin_print.management.certificates.overview import RHCertificates, RHCertificatesLive
from indico_checkin_print.management.certificates.preview import RHPreviewCertificate, RHPreviewType
from indico_checkin_print.management.certificates.recipients import RHRecipients
from indico_checkin_print.management.certificates.records import RHCertificateHistory, RHCertificateList
from indico_checkin_print.management.certificates.rules import (RHAddTypeRule, RHDeleteTypeRule, RHEditTypeRule,
                                                                RHMoveTypeRule)
from indico_checkin_print.management.certificates.sending import RHSendType, RHStopSending
from indico_checkin_print.management.certificates.types import (RHAddType, RHCopyTemplate, RHDeleteType, RHEditFields,
                                                                RHEditText, RHEditType, RHGenerate, RHSwitchType,
                                                                RHType)
from indico_checkin_print.management.desk_rules.editor import (RHAddRule, RHDeleteRule, RHEditRule, RHMoveRule,
                                                               RHPreviewRule, RHRuleBars, RHRules, RHTryRules)
from indico_checkin_print.management.jobs.actions import RHDiscardJob, RHRetryJob
from indico_checkin_print.management.jobs.bulk import RHDiscardJobs, RHReleaseJobs, RHReprintJobs, RHRetryJobs
from indico_checkin_print.management.jobs.export import RHExportJobs
from indico_checkin_print.management.jobs.held import RHDiscardHeld, RHReleaseHeld, RHReleaseJob
from indico_checkin_print.management.jobs.history import RHJobHistory
from indico_checkin_print.management.jobs.page import RHJobs
from indico_checkin_print.management.jobs.reprint import RHCameOut, RHMissed, RHReprint
from indico_checkin_print.management.page import RHFirstSteps, RHLive, RHManage, RHSetup
from indico_checkin_print.management.preflight.page import RHExamine, RHPreflight, RHPreflightLive
from indico_checkin_print.management.registrations.action import RHPrintRegistrations
from indico_checkin_print.management.registrations.hooks import RHRegistrationBadges
from indico_checkin_print.management.registrations.name_requests import RHAnswerNameRequest
from indico_checkin_print.management.registrations.preview import RHPreviewBadge
from indico_checkin_print.management.setup.agents import (RHAddAgent, RHEditAgent, RHNewCode, RHRemoveAgent,
                                                          RHRevokeAgent)
from indico_checkin_print.management.setup.calibration import (RHCalibratePrinter, RHForgetCalibration,
                                                               RHPrintCalibrationSheet)
from indico_checkin_print.management.setup.desks import (RHAddDesk, RHDeleteDesk, RHEditDesk, RHTestDesk,
                                                         RHTestDeskWithName)
from indico_checkin_print.management.setup.devices import RHEditDevice
from indico_checkin_print.management.setup.forms import RHEditForm, RHSwitchForm
from indico_checkin_print.management.setup.kiosks import (RHAddKiosk, RHEditKiosk, RHNewKioskCode, RHRemoveKiosk,
                                                          RHRevokeKiosk)
from indico_checkin_print.management.setup.prepared import RHDeletePrepared, RHEditPrepared, RHPrepare
from indico_checkin_print.management.setup.preview import RHPreviewTest
from indico_checkin_print.management.setup.when import RHEditWhen
from indico_checkin_print.management.template_rules.pages import (RHAddTemplateRule, RHDeleteTemplateRule,
                                                                  RHEditTemplateRule, RHMoveTemplateRule)
from indico_checkin_print.management.today.calls import RHAnswerCall, RHEndCall
from indico_checkin_print.management.today.live_board import RHLiveBoard, RHLiveBoardNow
from indico_checkin_print.management.today.pause import RHPauseDesk, RHPauseEvent
from indico_checkin_print.management.webhooks.page import RHRecover, RHResend, RHSwitchWebhook, RHTestWebhook, RHWebhook
from indico_checkin_print.management.webhooks.setup import (RHAddWebhook, RHDeleteWebhook, RHEditWebhook,
                                                            RHForgetSecret, RHNewSecret)


PREFIX = '/event/<int:event_id>/manage/checkin-print'


def add_management_urls(blueprint):
    """Add the pages to the plugin's blueprint."""
    def _add(rule, endpoint, rh, *methods):
        blueprint.add_url_rule(PREFIX + rule, endpoint, rh, methods=methods)

    _add('/', 'manage', RHManage, 'GET')
    _add('/setup', 'setup', RHSetup, 'GET')
    _add('/first-steps', 'first_steps', RHFirstSteps, 'GET')
    _add('/live', 'live', RHLive, 'GET')
    _add('/board/', 'live_board', RHLiveBoard, 'GET')
    _add('/board/now', 'live_board_now', RHLiveBoardNow, 'GET')
    # What registration forms print
    _add('/forms/<int:reg_form_id>/', 'edit_form', RHEditForm, 'GET', 'POST')
    _add('/forms/<int:reg_form_id>/switch', 'switch_form', RHSwitchForm, 'POST')
    _add('/forms/<int:reg_form_id>/print', 'print_registrations', RHPrintRegistrations, 'POST')
    _add('/forms/<int:reg_form_id>/registrations/<int:registration_id>/badges', 'registration_badges',
         RHRegistrationBadges, 'GET')
    _add('/forms/<int:reg_form_id>/registrations/<int:registration_id>/name-requests/<int:request_id>',
         'answer_name_request', RHAnswerNameRequest, 'GET', 'POST')
    _add('/forms/<int:reg_form_id>/batch', 'create_batch', RHCreateBatch, 'POST')
    _add('/forms/<int:reg_form_id>/sheets', 'make_sheets', RHMakeSheets, 'POST')
    _add('/forms/<int:reg_form_id>/sheets/download', 'download_sheets', RHDownloadSheets, 'GET')
    _add('/forms/<int:reg_form_id>/registrations/<int:registration_id>/preview', 'preview_badge', RHPreviewBadge, 'GET')
    _add('/forms/<int:reg_form_id>/contact-sheet/choose', 'choose_contact_sheet', RHChooseContactSheet, 'POST')
    _add('/forms/<int:reg_form_id>/contact-sheet/', 'contact_sheet', RHContactSheet, 'GET')
    _add('/forms/<int:reg_form_id>/contact-sheet/part', 'contact_sheet_part', RHContactSheetPart, 'GET')
    # Batches
    _add('/batches/<int:batch_id>/', 'batch', RHBatch, 'GET')
    _add('/batches/<int:batch_id>/live', 'batch_live', RHBatchLive, 'GET')
    _add('/batches/<int:batch_id>/pause', 'pause_batch', RHPauseBatch, 'POST')
    _add('/batches/<int:batch_id>/cancel', 'cancel_batch', RHCancelBatch, 'POST')
    # When to print
    _add('/when', 'edit_when', RHEditWhen, 'GET', 'POST')
    _add('/pause', 'pause_event', RHPauseEvent, 'POST')
    # Badges that are made before check-in
    _add('/prepared', 'edit_prepared', RHEditPrepared, 'GET', 'POST')
    _add('/prepared/now', 'prepare', RHPrepare, 'POST')
    _add('/prepared/delete', 'delete_prepared', RHDeletePrepared, 'POST')
    # Preflight
    _add('/preflight/', 'preflight', RHPreflight, 'GET')
    _add('/preflight/live', 'preflight_live', RHPreflightLive, 'GET')
    _add('/preflight/now', 'examine', RHExamine, 'POST')
    # Certificates of attendance
    _add('/certificates/', 'certificates', RHCertificates, 'GET')
    _add('/certificates/live', 'certificates_live', RHCertificatesLive, 'GET')
    _add('/certificates/types/add', 'add_certificate_type', RHAddType, 'GET', 'POST')
    _add('/certificates/types/<int:type_id>/', 'certificate_type', RHType, 'GET')
    _add('/certificates/types/<int:type_id>/edit', 'edit_certificate_type', RHEditType, 'GET', 'POST')
    _add('/certificates/types/<int:type_id>/fields', 'edit_certificate_fields', RHEditFields, 'GET', 'POST')
    _add('/certificates/types/<int:type_id>/text', 'edit_certificate_text', RHEditText, 'GET', 'POST')
    _add('/certificates/types/<int:type_id>/switch', 'switch_certificate_type', RHSwitchType, 'POST')
    _add('/certificates/types/<int:type_id>/delete', 'delete_certificate_type', RHDeleteType, 'POST')
    _add('/certificates/types/<int:type_id>/generate', 'generate_certificates', RHGenerate, 'POST')
    _add('/certificates/types/<int:type_id>/send', 'send_certificates', RHSendType, 'GET', 'POST')
    _add('/certificates/types/<int:type_id>/stop', 'stop_certificates', RHStopSending, 'POST')
    _add('/certificates/types/<int:type_id>/copy-template', 'copy_certificate_template', RHCopyTemplate, 'POST')
    _add('/certificates/types/<int:type_id>/recipients', 'certificate_recipients', RHRecipients, 'GET')
    _add('/certificates/types/<int:type_id>/preview', 'preview_certificate_type', RHPreviewType, 'GET')
    _add('/certificates/types/<int:type_id>/<any(who,how):kind>/add', 'add_certificate_rule', RHAddTypeRule,
         'GET', 'POST')
    _add('/certificates/types/<int:type_id>/<any(who,how):kind>/<int:key>/', 'edit_certificate_rule', RHEditTypeRule,
         'GET', 'POST')
    _add('/certificates/types/<int:type_id>/<any(who,how):kind>/<int:key>/delete', 'delete_certificate_rule',
         RHDeleteTypeRule, 'POST')
    _add('/certificates/types/<int:type_id>/<any(who,how):kind>/<int:key>/move', 'move_certificate_rule',
         RHMoveTypeRule, 'POST')
    _add('/certificates/list/', 'certificate_list', RHCertificateList, 'GET')
    _add('/certificates/list/act', 'act_on_certificates', RHActOnCertificates, 'POST')
    _add('/certificates/list/revoke', 'revoke_certificates', RHRevokeCertificates, 'POST')
    _add('/certificates/list/zip', 'download_certificates', RHCertificateZIP, 'POST')
    _add('/certificates/<int:certificate_id>/history', 'certificate_history', RHCertificateHistory, 'GET')
    _add('/certificates/<int:certificate_id>/preview', 'preview_certificate', RHPreviewCertificate, 'GET')
    _add('/certificates/<int:certificate_id>/pdf', 'certificate_pdf', RHCertificatePDF, 'GET')
    _add('/certificates/<int:certificate_id>/name', 'correct_certificate', RHCorrectName, 'GET', 'POST')
    # Desks
    _add('/desks/add', 'add_desk', RHAddDesk, 'GET', 'POST')
    _add('/desks/<int:desk_id>/', 'edit_desk', RHEditDesk, 'GET', 'POST')
    _add('/desks/<int:desk_id>/delete', 'delete_desk', RHDeleteDesk, 'POST')
    _add('/desks/<int:desk_id>/test', 'test_desk', RHTestDesk, 'POST')
    _add('/desks/<int:desk_id>/test-with-name', 'test_desk_with_name', RHTestDeskWithName, 'GET', 'POST')
    _add('/desks/<int:desk_id>/preview', 'preview_test', RHPreviewTest, 'GET')
    _add('/desks/<int:desk_id>/printers/<int:position>/sheet', 'print_calibration_sheet', RHPrintCalibrationSheet,
         'GET', 'POST')
    _add('/desks/<int:desk_id>/printers/<int:position>/calibration', 'calibrate_printer', RHCalibratePrinter,
         'GET', 'POST')
    _add('/desks/<int:desk_id>/printers/<int:position>/calibration/forget', 'forget_calibration', RHForgetCalibration,
         'POST')
    _add('/desks/<int:desk_id>/pause', 'pause_desk', RHPauseDesk, 'POST')
    _add('/desks/<int:desk_id>/call/answer', 'answer_call', RHAnswerCall, 'POST')
    _add('/desks/<int:desk_id>/call/end', 'end_call', RHEndCall, 'POST')
    # Template rules
    _add('/template-rules/add', 'add_template_rule', RHAddTemplateRule, 'GET', 'POST')
    _add('/template-rules/<int:rule_id>/', 'edit_template_rule', RHEditTemplateRule, 'GET', 'POST')
    _add('/template-rules/<int:rule_id>/delete', 'delete_template_rule', RHDeleteTemplateRule, 'POST')
    _add('/template-rules/<int:rule_id>/move', 'move_template_rule', RHMoveTemplateRule, 'POST')
    # Desk rules
    _add('/rules/', 'rules', RHRules, 'GET')
    _add('/rules/bars', 'rule_bars', RHRuleBars, 'GET')
    _add('/rules/preview', 'preview_rule', RHPreviewRule, 'POST')
    _add('/rules/try', 'try_rules', RHTryRules, 'GET')
    _add('/rules/add', 'add_rule', RHAddRule, 'GET', 'POST')
    _add('/rules/<int:rule_id>/', 'edit_rule', RHEditRule, 'GET', 'POST')
    _add('/rules/<int:rule_id>/delete', 'delete_rule', RHDeleteRule, 'POST')
    _add('/rules/<int:rule_id>/move', 'move_rule', RHMoveRule, 'POST')
    # Devices that check people in
    _add('/devices/<int:device_id>/', 'edit_device', RHEditDevice, 'GET', 'POST')
    # Kiosks
    _add('/kiosks/add', 'add_kiosk', RHAddKiosk, 'GET', 'POST')
    _add('/kiosks/<int:kiosk_id>/', 'edit_kiosk', RHEditKiosk, 'GET', 'POST')
    _add('/kiosks/<int:kiosk_id>/code', 'new_kiosk_code', RHNewKioskCode, 'POST')
    _add('/kiosks/<int:kiosk_id>/revoke', 'revoke_kiosk', RHRevokeKiosk, 'POST')
    _add('/kiosks/<int:kiosk_id>/remove', 'remove_kiosk', RHRemoveKiosk, 'POST')
    # Print agents
    _add('/agents/add', 'add_agent', RHAddAgent, 'GET', 'POST')
    _add('/agents/<int:agent_id>/', 'edit_agent', RHEditAgent, 'GET', 'POST')
    _add('/agents/<int:agent_id>/code', 'new_code', RHNewCode, 'POST')
    _add('/agents/<int:agent_id>/revoke', 'revoke_agent', RHRevokeAgent, 'POST')
    _add('/agents/<int:agent_id>/remove', 'remove_agent', RHRemoveAgent, 'POST')
    # Webhooks
    _add('/webhooks/add', 'add_webhook', RHAddWebhook, 'GET', 'POST')
    _add('/webhooks/<int:webhook_id>/', 'edit_webhook', RHEditWebhook, 'GET', 'POST')
    _add('/webhooks/<int:webhook_id>/secret', 'new_secret', RHNewSecret, 'POST')
    _add('/webhooks/<int:webhook_id>/forget', 'forget_secret', RHForgetSecret, 'POST')
    _add('/webhooks/<int:webhook_id>/delete', 'delete_webhook', RHDeleteWebhook, 'POST')
    _add('/webhooks/<int:webhook_id>/log', 'webhook', RHWebhook, 'GET')
    _add('/webhooks/<int:webhook_id>/switch', 'switch_webhook', RHSwitchWebhook, 'POST')
    _add('/webhooks/<int:webhook_id>/test', 'test_webhook', RHTestWebhook, 'POST')
    _add('/webhooks/<int:webhook_id>/recover', 'recover', RHRecover, 'GET', 'POST')
    _add('/webhooks/<int:webhook_id>/resend/<int:job_id>', 'resend', RHResend, 'POST')
    # Badges that are held
    _add('/held/release', 'release_held', RHReleaseHeld, 'GET', 'POST')
    _add('/held/discard', 'discard_held', RHDiscardHeld, 'POST')
    # All jobs, and what is done to several of them
    _add('/jobs/', 'jobs', RHJobs, 'GET')
    _add('/jobs/export', 'export_jobs', RHExportJobs, 'GET')
    _add('/jobs/release', 'release_jobs', RHReleaseJobs, 'POST')
    _add('/jobs/retry', 'retry_jobs', RHRetryJobs, 'POST')
    _add('/jobs/reprint', 'reprint_jobs', RHReprintJobs, 'POST')
    _add('/jobs/discard', 'discard_jobs', RHDiscardJobs, 'POST')
    # One job
    _add('/jobs/<int:job_id>/history', 'job_history', RHJobHistory, 'GET')
    _add('/jobs/<int:job_id>/release', 'release_job', RHReleaseJob, 'POST')
    _add('/jobs/<int:job_id>/reprint', 'reprint', RHReprint, 'GET', 'POST')
    _add('/jobs/<int:job_id>/came-out', 'came_out', RHCameOut, 'POST')
    _add('/jobs/<int:job_id>/missed', 'missed', RHMissed, 'POST')
    _add('/jobs/<int:job_id>/retry', 'retry_job', RHRetryJob, 'POST')
    _add('/jobs/<int:job_id>/discard', 'discard_job', RHDiscardJob, 'POST')
