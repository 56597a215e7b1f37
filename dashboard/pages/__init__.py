"""One page a module, with a PAGE."""
