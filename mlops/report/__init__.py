"""From result values to console, Markdown, JUnit and JSON. The only room that prints."""
