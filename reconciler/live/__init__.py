"""The platform as the engine sees it: one port, and one module per way to reach a platform.

What lives here translates between the port and a store or a wire. No rule of planning, no output.
"""
