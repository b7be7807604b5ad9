"""The cache: the only meeting place. One writer, any number of readers, and the inbox of orders beside it."""
