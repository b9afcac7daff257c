"""Every route of the event manager's pages, and how tests ask for them. A test compares them with the URL map."""

from uuid import uuid4

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.name_requests import NameRequest
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.models.states import CertificateState
from indico_checkin_print.routing.rules import Accompanies, Rule, SurnameIn, dump
from indico_checkin_print.routing.template_rules import TemplateRule


ROUTES = [
    ('GET', '/'),
    ('GET', '/setup'),
    ('GET', '/first-steps'),
    ('GET', '/live'),
    ('GET', '/board/'),
    ('GET', '/board/now'),
    ('GET', '/forms/{form}/'),
    ('POST', '/forms/{form}/'),
    ('POST', '/forms/{form}/switch'),
    ('POST', '/forms/{form}/print'),
    ('GET', '/forms/{form}/registrations/{registration}/badges'),
    ('GET', '/forms/{form}/registrations/{registration}/preview'),
    ('GET', '/forms/{form}/registrations/{registration}/name-requests/{request}'),
    ('POST', '/forms/{form}/registrations/{registration}/name-requests/{request}'),
    ('POST', '/forms/{form}/contact-sheet/choose'),
    ('GET', '/forms/{form}/contact-sheet/'),
    ('GET', '/forms/{form}/contact-sheet/part'),
    ('POST', '/forms/{form}/batch'),
    ('POST', '/forms/{form}/sheets'),
    ('GET', '/forms/{form}/sheets/download'),
    ('GET', '/batches/{batch}/'),
    ('GET', '/batches/{batch}/live'),
    ('POST', '/batches/{batch}/pause'),
    ('POST', '/batches/{batch}/cancel'),
    ('GET', '/when'),
    ('POST', '/when'),
    ('POST', '/pause'),
    ('GET', '/prepared'),
    ('POST', '/prepared'),
    ('POST', '/prepared/now'),
    ('POST', '/prepared/delete'),
    ('GET', '/preflight/'),
    ('GET', '/preflight/live'),
    ('POST', '/preflight/now'),
    ('GET', '/desks/add'),
    ('POST', '/desks/add'),
    ('GET', '/desks/{desk}/'),
    ('POST', '/desks/{desk}/'),
    ('POST', '/desks/{desk}/delete'),
    ('POST', '/desks/{desk}/test'),
    ('GET', '/desks/{desk}/test-with-name'),
    ('POST', '/desks/{desk}/test-with-name'),
    ('GET', '/desks/{desk}/preview'),
    ('GET', '/desks/{desk}/printers/{printer}/sheet'),
    ('POST', '/desks/{desk}/printers/{printer}/sheet'),
    ('GET', '/desks/{desk}/printers/{printer}/calibration'),
    ('POST', '/desks/{desk}/printers/{printer}/calibration'),
    ('POST', '/desks/{desk}/printers/{printer}/calibration/forget'),
    ('POST', '/desks/{desk}/pause'),
    ('POST', '/desks/{desk}/call/answer'),
    ('POST', '/desks/{desk}/call/end'),
    ('GET', '/template-rules/add'),
    ('POST', '/template-rules/add'),
    ('GET', '/template-rules/{rule}/'),
    ('POST', '/template-rules/{rule}/'),
    ('POST', '/template-rules/{rule}/delete'),
    ('POST', '/template-rules/{rule}/move'),
    ('GET', '/rules/'),
    ('GET', '/rules/bars'),
    ('POST', '/rules/preview'),
    ('GET', '/rules/try'),
    ('GET', '/rules/add'),
    ('POST', '/rules/add'),
    ('GET', '/rules/{rule}/'),
    ('POST', '/rules/{rule}/'),
    ('POST', '/rules/{rule}/delete'),
    ('POST', '/rules/{rule}/move'),
    ('GET', '/devices/{device}/'),
    ('POST', '/devices/{device}/'),
    ('GET', '/kiosks/add'),
    ('POST', '/kiosks/add'),
    ('GET', '/kiosks/{kiosk}/'),
    ('POST', '/kiosks/{kiosk}/'),
    ('POST', '/kiosks/{kiosk}/code'),
    ('POST', '/kiosks/{kiosk}/revoke'),
    ('POST', '/kiosks/{kiosk}/remove'),
    ('GET', '/agents/add'),
    ('POST', '/agents/add'),
    ('GET', '/agents/{agent}/'),
    ('POST', '/agents/{agent}/'),
    ('POST', '/agents/{agent}/code'),
    ('POST', '/agents/{agent}/revoke'),
    ('POST', '/agents/{agent}/remove'),
    ('GET', '/webhooks/add'),
    ('POST', '/webhooks/add'),
    ('GET', '/webhooks/{webhook}/'),
    ('POST', '/webhooks/{webhook}/'),
    ('POST', '/webhooks/{webhook}/secret'),
    ('POST', '/webhooks/{webhook}/forget'),
    ('POST', '/webhooks/{webhook}/delete'),
    ('GET', '/webhooks/{webhook}/log'),
    ('POST', '/webhooks/{webhook}/switch'),
    ('POST', '/webhooks/{webhook}/test'),
    ('GET', '/webhooks/{webhook}/recover'),
    ('POST', '/webhooks/{webhook}/recover'),
    ('POST', '/webhooks/{webhook}/resend/{job}'),
    ('GET', '/jobs/'),
    ('GET', '/jobs/export'),
    ('POST', '/jobs/release'),
    ('POST', '/jobs/retry'),
    ('POST', '/jobs/reprint'),
    ('POST', '/jobs/discard'),
    ('POST', '/jobs/{job}/retry'),
    ('POST', '/jobs/{job}/discard'),
    ('POST', '/jobs/{job}/release'),
    ('GET', '/jobs/{job}/reprint'),
    ('POST', '/jobs/{job}/reprint'),
    ('POST', '/jobs/{job}/came-out'),
    ('POST', '/jobs/{job}/missed'),
    ('GET', '/jobs/{job}/history'),
    ('GET', '/held/release'),
    ('POST', '/held/release'),
    ('POST', '/held/discard'),
]

#: Those of certificates. Tests walk them together: each is asked for in a moment
CERTIFICATE_ROUTES = [
    ('GET', '/certificates/'),
    ('GET', '/certificates/live'),
    ('GET', '/certificates/types/add'),
    ('POST', '/certificates/types/add'),
    ('GET', '/certificates/types/{type}/'),
    ('GET', '/certificates/types/{type}/edit'),
    ('POST', '/certificates/types/{type}/edit'),
    ('GET', '/certificates/types/{type}/fields'),
    ('POST', '/certificates/types/{type}/fields'),
    ('GET', '/certificates/types/{type}/text'),
    ('POST', '/certificates/types/{type}/text'),
    ('POST', '/certificates/types/{type}/generate'),
    ('GET', '/certificates/types/{type}/send'),
    ('POST', '/certificates/types/{type}/send'),
    ('POST', '/certificates/types/{type}/stop'),
    ('GET', '/certificates/types/{type}/recipients'),
    ('GET', '/certificates/types/{type}/preview'),
    ('GET', '/certificates/types/{type}/{kind}/add'),
    ('POST', '/certificates/types/{type}/{kind}/add'),
    ('GET', '/certificates/types/{type}/{kind}/{key}/'),
    ('POST', '/certificates/types/{type}/{kind}/{key}/'),
    ('POST', '/certificates/types/{type}/{kind}/{key}/move'),
    ('POST', '/certificates/types/{type}/{kind}/{key}/delete'),
    ('GET', '/certificates/list/'),
    ('POST', '/certificates/list/act'),
    ('POST', '/certificates/list/revoke'),
    ('POST', '/certificates/list/zip'),
    ('GET', '/certificates/{certificate}/history'),
    ('GET', '/certificates/{certificate}/preview'),
    ('GET', '/certificates/{certificate}/pdf'),
    ('GET', '/certificates/{certificate}/name'),
    ('POST', '/certificates/{certificate}/name'),
    ('POST', '/certificates/types/{type}/copy-template'),
    ('POST', '/certificates/types/{type}/switch'),
    ('POST', '/certificates/types/{type}/delete'),
]

#: Those that are about one registration, whose page Indico shows volunteers as well
VOLUNTEER_ROUTES = {
    ('POST', '/forms/{form}/print'),
    ('GET', '/forms/{form}/registrations/{registration}/badges'),
    ('GET', '/forms/{form}/registrations/{registration}/preview'),
}

#: What programs ask with Indico's own tokens; `api/badges_test.py` asks as every kind of person
API_ROUTES = {
    ('POST', '/api/plugin/checkin-print/event/<int:event_id>/badges'),
    ('GET', '/api/plugin/checkin-print/event/<int:event_id>/badges/<int:job_id>'),
    ('GET', '/api/plugin/checkin-print/event/<int:event_id>/choices'),
}

#: The volunteers' pages
DESK_ROUTES = [
    ('GET', '/'),
    ('GET', '/{desk}/'),
    ('POST', '/{desk}/'),
    ('POST', '/leave'),
    ('GET', '/posters'),
    ('GET', '/{desk}/board'),
    ('GET', '/{desk}/board/live'),
    ('GET', '/{desk}/board/ticket'),
    ('POST', '/{desk}/board/pause'),
    ('POST', '/{desk}/board/call'),
    ('POST', '/{desk}/board/call/end'),
    ('POST', '/{desk}/board/jobs/{job}/reprint'),
    ('POST', '/{desk}/board/jobs/{job}/came-out'),
    ('POST', '/{desk}/board/jobs/{job}/missed'),
    ('POST', '/{desk}/board/jobs/{job}/retry'),
    ('POST', '/{desk}/board/jobs/{job}/release'),
    ('GET', '/scan/'),
    ('POST', '/scan/answer'),
    ('POST', '/scan/check-in-only'),
    ('POST', '/scan/undo'),
    ('GET', '/scan/people'),
    ('GET', '/scan/badges/{registration}'),
    ('POST', '/scan/jobs/{job}/reprint'),
    ('POST', '/scan/jobs/{job}/came-out'),
    ('POST', '/scan/jobs/{job}/missed'),
    ('POST', '/scan/jobs/{job}/retry'),
    ('POST', '/scan/jobs/{job}/release'),
    ('GET', '/scan/edit/{registration}'),
    ('POST', '/scan/edit/{registration}'),
]
#: Those for people who come without a registration: the right to edit registrations is needed as well
WALK_IN_ROUTES = [
    ('GET', '/walk-in/'),
    ('GET', '/walk-in/{form}/'),
    ('POST', '/walk-in/{form}/'),
    ('GET', '/walk-in/{form}/known'),
    ('GET', '/walk-in/{form}/{registration}/'),
    ('GET', '/walk-in/{form}/{registration}/live'),
    ('POST', '/walk-in/{form}/{registration}/check-in'),
]
#: What a kiosk may do; `desk/kiosk/access_test.py` asks as every kind of person
KIOSK_ROUTES = {
    ('GET', '/kiosk/'),
    ('POST', '/kiosk/pair'),
    ('POST', '/kiosk/alive'),
    ('POST', '/kiosk/scan'),
    ('POST', '/kiosk/print'),
    ('POST', '/kiosk/badge'),
    ('POST', '/kiosk/call'),
}
#: What people do with their certificates; `certificates/name_requests_test.py` asks as everybody else
REGISTRANT_ROUTES = {
    ('GET', '/event/<int:event_id>/registrations/<int:reg_form_id>/certificates/<uuid:uuid>.pdf'),
    ('GET', '/event/<int:event_id>/registrations/<int:reg_form_id>/certificates/<uuid:uuid>/name'),
    ('POST', '/event/<int:event_id>/registrations/<int:reg_form_id>/certificates/<uuid:uuid>/name'),
}
#: What everybody may ask of certificates; `public/pages_test.py` asks
PUBLIC_ROUTES = {
    ('GET', '/c/'),
    ('GET', '/c/<serial>'),
    ('GET', '/c/<uuid:uuid>.pdf'),
    ('POST', '/c/check'),
}
#: Pages that only lead elsewhere, and those for programs, which have tests of their own
OTHER_ROUTES = {
    ('GET', '/desk/<int:desk_id>'),
    ('POST', '/api/plugin/checkin-print/pair'),
    ('POST', '/api/plugin/checkin-print/poll'),
    ('GET', '/api/plugin/checkin-print/document/<uuid:job>/<int:dispatch>'),
    ('POST', '/api/plugin/checkin-print/outcome/<uuid:job>'),
    *API_ROUTES,
    *KIOSK_ROUTES,
    *PUBLIC_ROUTES,
    *REGISTRANT_ROUTES,
}


def ids_of(objects, regform):
    return {'form': regform.id, 'desk': objects.desk.id, 'agent': objects.agent.id, 'webhook': objects.webhook.id,
            'device': objects.device.id, 'kiosk': objects.kiosk.device_id, 'batch': batch_of(objects, regform),
            'job': objects.job.id, 'registration': registration_of(regform), 'rule': rule_of(objects.desk),
            'printer': objects.desk.printers[0].position, 'request': name_request_of(regform)}


def batch_of(objects, regform):
    batch = Batch.query.filter_by(registration_form_id=regform.id).first()
    if batch is None:
        batch = Batch(event_id=objects.desk.event_id, registration_form_id=regform.id, order='name')
        db.session.add(batch)
        db.session.flush()
    return batch.id


def rule_of(desk):
    setup = EventSetup.query.get(desk.event_id) or EventSetup(event_id=desk.event_id)
    if not setup.desk_rules:
        setup.desk_rules = dump([Rule(1, desk.id, (SurnameIn('A', 'K'),), 'A to K')])
        setup.template_rules = dump([TemplateRule(1, 1, (Accompanies(),))])
    db.session.add(setup)
    db.session.flush()
    return 1


def name_request_of(regform):
    registration_id = registration_of(regform)
    certificate = Certificate.query.filter_by(registration_id=registration_id).first()
    if certificate is None:
        type_ = CertificateType(event_id=regform.event_id, name='attendee', title='Attendees', enabled=True)
        certificate = Certificate(uuid=str(uuid4()), serial=f'TEST{regform.id}', event_id=regform.event_id, type=type_,
                                  subject_key=f'registration:{registration_id}', registration_id=registration_id,
                                  first_name='Guinea', full_name='Guinea Pig', email='pig@example.com', locale='en_GB',
                                  input_hash='one', state=CertificateState.ready, sha256='00')
        db.session.add(NameRequest(certificate=certificate, full_name='Guinea Big'))
        db.session.flush()
    return NameRequest.query.filter_by(certificate_id=certificate.id).one().id


def registration_of(regform):
    if existing := Registration.query.with_parent(regform).filter_by(email='pig@example.com').first():
        return existing.id
    registration = Registration(registration_form=regform, first_name='Guinea', last_name='Pig',
                                email='pig@example.com', state=RegistrationState.complete,
                                currency='EUR')
    db.session.add(registration)
    db.session.flush()
    return registration.id


def ask(browser, method, url, **kwargs):
    return browser.get(url, **kwargs) if method == 'GET' else browser.post(url, **kwargs)


def ask_all(browser, url, routes, ids, facts):
    """Ask for one route after the other, none of which may change what `facts` returns; return the status of each."""
    before, statuses = facts(), {}
    for method, path in routes:
        statuses[method, path] = ask(browser, method, url + path.format(**ids)).status_code
        db.session.expire_all()
        assert facts() == before, (method, path)
    return statuses
