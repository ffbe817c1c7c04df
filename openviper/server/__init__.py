"""From a shell to a listening socket: one process, several, or one that is restarted when a file changes."""
