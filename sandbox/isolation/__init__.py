"""The isolation suite: a hostile build of one guild tries to reach another guild, and everything must refuse.

Guild A is the attacker's, guild B the victim's. What attacks is in `tool` (in place of terraform, so where any hostile
HCL would be) and in `build` (in place of a whole build). They have what their run was given, and are told every name of
B. `suite` plays the runs and judges; `python -m sandbox isolation` shows the table.
"""
