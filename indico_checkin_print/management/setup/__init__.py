"""What a manager sets up: when forms print and what, at which desks, with which agents, devices and kiosks."""
