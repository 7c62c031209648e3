"""The routes, a module per noun. Each names its scopes, asks the port, and answers with a body of `wire`."""
