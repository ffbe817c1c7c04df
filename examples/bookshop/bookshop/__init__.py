"""The project: settings, routes and the pages that belong to no app."""
