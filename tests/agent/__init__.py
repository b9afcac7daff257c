"""Tests of the whole print agent on a private CUPS with virtual IPP printers."""
