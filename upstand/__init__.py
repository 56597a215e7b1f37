"""The command line: the one place where sensor, bridge, analysis and dashboard meet."""
