"""A job is known again by its name, or by what a printer left of it."""

from print_agent.printing.backend import is_named, short_tag


def test_a_job_is_known_by_what_a_printer_left_of_its_name():
    tag = '0b6e0d4e-9c3f-4c6e-8f5b-0123456789ab.1-0a1b2c3d'
    name = f'{short_tag(tag)} badge 7 [{tag}]'
    for left in (name, name[:40], name[:20], name[-60:]):
        assert is_named(left, tag)
    for other in ('', 'badge', name[:8], f'{short_tag("another")} badge'):
        assert not is_named(other, tag)
