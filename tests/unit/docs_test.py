"""The pages of the docs lead to each other: each link has a page, and each anchor a heading on it."""

import re
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / 'docs').glob('*.md'), *ROOT.glob('*.md')])


def text_of(page):
    """Return the text of a page without its blocks of code, in which a `#` begins a comment."""
    return re.sub(r'^```.*?^```', '', page.read_text(), flags=re.MULTILINE | re.DOTALL)


def headings(page):
    """Return (level, text) of each heading of a page."""
    return [(len(level), text) for level, text in re.findall(r'^(#+) (.+)$', text_of(page), re.MULTILINE)]


def anchors(page):
    """Return the anchors of a page as GitHub makes them: of two with the same words the second has a number."""
    found = []
    for _, text in headings(page):
        words = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', text)
        anchor = re.sub(r'[^\w -]', '', words.lower()).replace(' ', '-')
        earlier = sum(re.fullmatch(rf'{re.escape(anchor)}(-\d+)?', other) is not None for other in found)
        found.append(f'{anchor}-{earlier}' if earlier else anchor)
    return found


def dead_links(page):
    """Return the links of a page that lead nowhere in this repository."""
    dead = []
    for link in re.findall(r'\]\(([^)\s]+)\)', text_of(page)):
        if re.match('[a-z]+:', link):
            continue
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert dead_links(page) == []


def test_the_readme_leads_to_every_page():
    links = re.findall(r'\]\(docs/([\w-]+\.md)\)', (ROOT / 'README.md').read_text())
    assert set(links) == {page.name for page in (ROOT / 'docs').glob('*.md')}


def test_the_manual_has_all_its_chapters_in_its_contents():
    page = ROOT / 'docs' / 'manager.md'
    contents = text_of(page).partition('\n## ')[0]
    chapters = [anchor for (level, _), anchor in zip(headings(page), anchors(page), strict=True) if level == 2]
    assert sorted(re.findall(r'\]\(#([^)]+)\)', contents)) == sorted(chapters)


def test_a_dead_link_is_found(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('# Two `words`: one\n## Again\n## Again\n[a](#two-words-one) [b](#again-1) [c](page.md#again) '
                    '[d](#gone) [e](gone.md)\n[f](https://example.com/#x)\n'
                    '```\n# no heading [g](#no)\n```\n[h](#no-heading)\n')
    assert dead_links(page) == ['#gone', 'gone.md', '#no-heading']
