"""`demo`: the whole story on a platform that is thrown away."""
