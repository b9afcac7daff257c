"""The tables of the plugin, all in the schema ``plugin_checkin_print``."""
