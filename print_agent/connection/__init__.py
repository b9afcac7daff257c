"""The link to Indico: pairing, websocket, polling, and when to try again."""
