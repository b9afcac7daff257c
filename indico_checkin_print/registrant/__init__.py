"""What people with a registration see of their certificates, on Indico's own page about it."""
