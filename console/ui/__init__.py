"""The screen: one more reader of the cache, drawn with Textual."""
