"""What is asked of the database, as frozen data: no connection, no SQL text, no value of any row."""
