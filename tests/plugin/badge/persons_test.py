"""Who of a registration gets a badge, and what they are called."""

from types import SimpleNamespace

from indico_checkin_print.badge.persons import name_of, persons_of


def test_accompanying_persons():
    form = SimpleNamespace(tickets_for_accompanying_persons=True)
    registration = SimpleNamespace(registration_form=form, full_name='Zoë Müller', accompanying_persons=[
        {'id': 'a', 'firstName': 'Ada', 'lastName': 'King'}, {'id': 'b', 'firstName': '', 'lastName': 'Plato'}])
    assert persons_of(registration) == ['', 'a', 'b']
    assert [name_of(registration, id_) for id_ in ('', 'a', 'b', 'gone')] == ['Zoë Müller', 'Ada King', 'Plato',
                                                                            'Zoë Müller']
    form.tickets_for_accompanying_persons = False
    assert persons_of(registration) == ['']
