"""What wraps every request: the base class, the stack, errors, and the middleware that projects switch on by setting."""
