"""The pytest plugin: fixtures that do nothing until a test asks for one."""
