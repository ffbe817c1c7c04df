"""The ``openviper`` executable: what can be done before there is a project, and the way to its commands."""
