"""What was found, as a person reads it: what a template does to two thousand badges is one finding. Pure."""

from collections import Counter
from dataclasses import dataclass

from indico_checkin_print.badge.items import is_personal
from indico_checkin_print.badge.preflight.findings import PERSONAL, Finding, FindingKind
from indico_checkin_print.reasons.codes import Reason


#: On more badges than these a text without room is the fault of the template
MAX_CUT = 20
#: Badges that are named of many with the same fault
MAX_EXAMPLES = 3


@dataclass(frozen=True)
class Group:
    """What belongs together: all of one kind on one badge, or the same on all badges with a template."""

    #: Each `Finding`, the worst first; at least one
    findings: tuple[Finding, ...]
    #: The id of the registration and of the person, of whose badge it is, if it is that of one person
    whose: tuple[int, str] | None = None
    #: On how many badges it was found; none if nobody's badge was needed to find it
    badges: int = 0
    #: Some of those badges: the ids as above
    examples: tuple[tuple[int, str], ...] = ()

    @property
    def kind(self):
        return self.findings[0].kind

    @property
    def template(self):
        """The id of the template."""
        return self.findings[0].template

    @property
    def is_error(self):
        return any(finding.is_error for finding in self.findings)

    @property
    def words(self):
        """The facts in sentences."""
        return ' '.join(dict.fromkeys(str(finding.words) for finding in self.findings))


def grouped(found, of_templates=()):
    """Return each `Group`: first those of templates, then those of people, the worst first.

    :param found: What was found on badges: ((id of the registration, person), findings) of each.
    :param of_templates: What was found at templates and printers themselves.
    """
    found, own, shared = list(found), {}, {}
    badges, causes = {finding: [] for finding in of_templates}, _causes(of_templates)
    cuts = Counter(finding for __, findings in found for finding in {_cut(x) for x in findings if _cut(x)})
    tight = {cut for cut, count in cuts.items() if count > MAX_CUT}
    for whose, findings in found:
        for finding in findings:
            if cause := causes.get((finding.kind, finding.template, finding.item)):
                badges[cause].append(whose)
            elif _is_own(finding) and _cut(finding) not in tight:
                own.setdefault((whose, finding.kind), []).append(finding)
            else:
                shared.setdefault((finding.kind, finding.template, finding.item), {}).setdefault(whose, []).append(
                    finding)
    groups = [_shared(finding, whose) for finding, whose in badges.items()]
    groups += [_shared(max((x for each in by_whose.values() for x in each), key=_badness), by_whose)
               for by_whose in shared.values()]
    groups += [Group(tuple(findings), whose, 1) for (whose, __), findings in own.items()]
    return sorted(groups, key=lambda group: (group.whose is not None, not group.is_error))


def _shared(finding, whose):
    whose = tuple(dict.fromkeys(whose))
    return Group((finding,), badges=len(whose), examples=whose[:MAX_EXAMPLES])


def _is_own(finding):
    return finding.kind in PERSONAL and (not finding.item or is_personal(finding.item))


def _cut(finding):
    """Return which text of which template has no room; nothing if that is not what was found."""
    return (finding.template, finding.item) if finding.kind == FindingKind.cut else None


def _causes(of_templates):
    """Return of what is found on badges why it is so, if that was found at the template already."""
    causes = {}
    for finding in of_templates:
        if finding.kind == FindingKind.template_picture:
            causes[FindingKind.not_drawn, finding.template, Reason.picture_refused] = finding
        elif finding.kind == FindingKind.outside:
            causes[FindingKind.cut, finding.template, finding.item] = finding
    return causes


def _badness(finding):
    # of codes the one that is hardest to read, which has the most modules
    return (finding.is_error, int(finding.detail.split()[1])) if finding.kind == FindingKind.code else (False, 0)
