"""Plans and findings for machines that check pull requests: one list of remarks, one module per format."""
