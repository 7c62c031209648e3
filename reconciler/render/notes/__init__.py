"""Notes to clients: plain sentences, as Markdown or for a mailer. Foreign text is quoted for its medium."""
