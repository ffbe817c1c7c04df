"""Messages: the request, the responses, and their headers, cookies and addresses."""
