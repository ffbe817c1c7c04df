"""What a developer is shown of an error while ``DEBUG`` is on; imported by the first error, never before."""
