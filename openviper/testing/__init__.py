"""Tools for the tests of projects: a client that calls an app in process, settings for one test, pytest fixtures."""
