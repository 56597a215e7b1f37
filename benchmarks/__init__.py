"""What Upstand costs and how good it is, measured; `make bench` writes results.md."""
