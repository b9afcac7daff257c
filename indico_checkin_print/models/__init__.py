"""The tables of the plugin, all in one schema."""


SCHEMA = 'plugin_checkin_print'
