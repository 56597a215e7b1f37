"""Errors a person can act on. Each message is one sentence that says what to do."""


class PostureError(Exception):
    """Something a person can mend (no broker, no calibration, wrong file); the message says how."""


class SchemaError(PostureError):
    """A message or stored record of an unknown version or shape; it is counted and skipped."""


class StoreError(PostureError):
    """The store cannot be read or written now; nothing already stored is lost."""


class BrokerError(PostureError):
    """The MQTT broker cannot be reached or refused us."""
