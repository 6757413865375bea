"""The HTTP side: the application and the server that runs it."""
