"""The local page: what the tech at the desk sees and does, in a browser on the same computer."""
