"""The worn sensors as the twin plays them: what they measure comes from a SampleSource, what they say is exact."""
