"""The project: settings, routes, and what its apps share."""
