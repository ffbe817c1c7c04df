"""From a path to the plan of its handler."""
