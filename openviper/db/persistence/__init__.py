"""Writing rows: instances one by one and many at once, and what query sets change.

What belongs here sends what ``compiler`` has written; a query set comes as its description and values.
"""
