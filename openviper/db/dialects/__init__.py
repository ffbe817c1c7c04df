"""What SQLAlchemy's dialects leave open: how each engine stores each kind of value, and what it can do."""
