"""What tests of the agent share: badges, an Indico and a printer that a test controls, readers of what came out.

Services that are real parts (CUPS, virtual printers, PostgreSQL, Indico) are in ``tests/stack``.
"""
