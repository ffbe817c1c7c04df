"""The commands of every project, one a file; each holds arguments and printing, and calls down for the work."""
