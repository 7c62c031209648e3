"""The matrix of packages in every medium, one module each. Pure: a comparison in, text out."""
