"""From states to a plan, pure: no I/O, no clock, no randomness.

    pairing     desired and live packages → drafts of changes
    fields      two definitions → their differences, each with a code and a severity
    rollouts    who moves to the current revision in this plan
    impact      drafts and held revisions → questions about clients → impacts
    ability     what of a package a platform cannot do
    guards      what may block the plan
    assembly    all of it → one frozen `Plan`
    change_set  a reviewed plan → what the platform is asked to do

Where facts are needed, a module returns questions as values; the engine has them answered and passes on.
"""
