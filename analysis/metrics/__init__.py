"""One metric a module, with a METRIC: it looks at one posture and remembers nothing."""
