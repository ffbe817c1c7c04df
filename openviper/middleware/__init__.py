"""What wraps every request: the base class, the stack, errors, and the middleware of the ``MIDDLEWARE`` setting."""
