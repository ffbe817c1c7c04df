"""From the description of a query to its plan: pure, once a shape; SQLAlchemy writes the SQL text."""
