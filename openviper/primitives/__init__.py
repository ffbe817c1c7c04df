"""Code that knows neither the web nor the database: imports, JSON, memory, threads, markers."""
