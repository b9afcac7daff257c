"""The languages of pages on which people choose one: those into which the texts of this plugin are translated."""

from indico.util.i18n import force_locale, get_all_locales, get_translation_domain


#: The language of the texts as they are written
SOURCE_LANGUAGE = 'en'
#: Stands for it where Indico itself offers no English
SOURCE_LOCALE = 'en_GB'


def page_languages():
    """Return the languages of this Indico in which the plugin's pages speak, as `get_all_locales` does; at least one.

    In all others Indico's own texts would be translated, and those of the page in English.
    """
    found = {code: names for code, names in sorted(get_all_locales().items()) if speaks(code)}
    return found or {SOURCE_LOCALE: ('English', 'United Kingdom', False)}


def speaks(code):
    """Return whether the texts of the plugin are in a language: it is that of the source, or has a translation."""
    if code.partition('_')[0] == SOURCE_LANGUAGE:
        return True
    with force_locale(code):
        return bool(get_translation_domain('checkin_print').get_translations().files)


def html_language(code):
    """Return the language of a page of the plugin for which Indico chose a locale, as the ``lang`` of HTML has it."""
    return (code if speaks(code) else SOURCE_LANGUAGE).replace('_', '-')
