"""One driver a sensor family: a module with a DRIVER."""
